"""Individual measures: what one attribute does to a model, each with its formula, source and good end.

They need the model and edited rows, so they are no metrics of an evaluation (`recsys_core.fairness.metrics`):
`recsys_core.compare.attribute_flips` and `recsys_core.fairness.leakage` work them out.
"""

from __future__ import annotations

from dataclasses import dataclass

from recsys_core.fairness.metric import HIGHER_IS_BETTER, LOWER_IS_BETTER, Direction, Unit

KUSNER = "after Kusner, Loftus, Russell & Silva 2017 (of the model, with all else left as it was, not of the world)"
PROBES = "Elazar & Goldberg 2018; p-value by permutation, Phipson & Smyth 2010"


@dataclass(frozen=True, slots=True, kw_only=True)
class IndividualMeasure:
    """A measure of an attribute; ``name`` as in ``measure.NAME`` of the dashboard's words."""

    name: str
    formula: str
    source: str
    direction: Direction
    unit: Unit


INDIVIDUAL: dict[str, IndividualMeasure] = {
    measure.name: measure
    for measure in (
        IndividualMeasure(
            name="flip_scores",
            formula="share of pairs (user, item) with |p(user with another value, item) - p(user, item)| > tolerance",
            source=KUSNER,
            direction=LOWER_IS_BETTER,
            unit="share",
        ),
        IndividualMeasure(
            name="flip_mean_change",
            formula="mean of |p(user with another value, item) - p(user, item)| over pairs",
            source=KUSNER,
            direction=LOWER_IS_BETTER,
            unit="share",
        ),
        IndividualMeasure(
            name="flip_lists",
            formula="share of users whose ten items with another value are not the same ten",
            source=KUSNER,
            direction=LOWER_IS_BETTER,
            unit="share",
        ),
        IndividualMeasure(
            name="flip_overlap",
            formula="mean over users of |ten items before and after| / 10",
            source=KUSNER,
            direction=HIGHER_IS_BETTER,
            unit="share",
        ),
        IndividualMeasure(
            name="flip_explanations",
            formula="share of users whose three largest |Shapley values| of the first item belong to other reasons",
            source=KUSNER,
            direction=LOWER_IS_BETTER,
            unit="share",
        ),
        IndividualMeasure(
            name="leakage_auc",
            formula="mean over groups of the ROC AUC, one against all others, of cross-validated logistic regression "
            "on users' representations; 0.5 is chance",
            source=PROBES,
            direction=LOWER_IS_BETTER,
            unit="share",
        ),
        IndividualMeasure(
            name="leakage_accuracy",
            formula="share of users whose group is the likeliest by the same probe, beside the largest group's share",
            source=PROBES,
            direction=LOWER_IS_BETTER,
            unit="share",
        ),
    )
}
"""By name, in order."""
