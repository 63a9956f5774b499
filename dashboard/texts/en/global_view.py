"""Global."""

# ruff: noqa: E501

TEXTS = {
    "global.title": "What drives the model?",
    "global.sentence": "{first} and {second} carry {share} of what the model says.",
    "global.sentence.nothing": "No reason moves the scores.",
    "global.sentence.idle": "{names} do next to nothing.",
    "global.sentence.idle.one": "{names} does next to nothing.",
    "global.sentence.waiting": "Explaining {n} recommendations, reason by reason.",
    "global.working.all": "Explaining {n} pairs against {background} background rows.",
    "global.working": "Explaining {n} pairs against {background} background rows; the first picture comes after {first}.",
    "global.sizes": "How much each reason moves a score",
    "global.sizes.alt": "Mean absolute contribution of each reason in logits: {reasons}",
    "global.axis": "mean |contribution|, logit",
    "global.share": "Share of all",
    "global.swarm": "Where it pushes",
    "global.swarm.axis": "contribution, logit",
    "global.swarm.alt": "One dot for each of {n} pairs and each reason, by contribution, coloured by the value from low to high",
    "global.legend": "value",
    "global.low": "low",
    "global.high": "high",
    "global.swarm.grey": "Grey: values without an order.",
    "global.more": "{first} of {n} pairs so far; the picture is drawn again when all are done.",
    "global.doubt.pairs": "{n} test pairs",
    "global.doubt.seed": "seed {seed}",
    "global.doubt.background": "background {n} rows",
    "global.doubt.interval": "95 % bootstrap intervals",
    "global.pairs": "Pairs",
    "global.pairs.help": "More pairs, narrower intervals, longer work.",
    "global.table.mean": "Mean",
    "global.table.alt": "Mean size, interval, share and mean direction of each reason",
}
