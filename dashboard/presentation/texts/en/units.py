"""Units of scores and contributions."""

TEXTS = {
    "units.choice": "Units",
    "units.logit": "Logits",
    "units.probability": "Percentage points",
    "units.no_probability": "A model of ratings has no probability, so the reasons stand in logits.",
    "units.points": "{value} points",
    "explain.axis.probability": "contribution, percentage points",
    "explain.waterfall.alt.probability": "From the case it is compared with, reason by reason, to this probability in percentage points; every figure is in the table below",
    "explain.contribution.probability": "Contribution, points",
    "explain.without.logit": "Logit without",
    "explain.history.change.help.probability": "By how many percentage points the probability changes if this one item leaves the history",
    "explain.history.contribution.probability": "Contribution, points",
    "explain.history.without_caveat.probability": "without it: how many percentage points the probability ({score} with all) changes if this one item leaves the history (an only one leaves an empty history); alike items hide each other",
    "explain.caveat.units.probability": "contributions in percentage points: Shapley values of the probability itself, not logits rescaled",
    "explain.caveat.units.probability.other": "in percentage points of the probability",
    "global.axis.probability": "mean |contribution|, percentage points",
    "global.sizes.alt.probability": "Mean absolute contribution of each reason in percentage points: {reasons}",
    "global.swarm.axis.probability": "contribution, percentage points",
    "global.values.axis.probability": "mean contribution, percentage points",
}
