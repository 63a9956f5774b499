"""What the comparison with models that explain themselves can say."""

from __future__ import annotations

MESSAGES: dict[str, str] = {
    "contender.ranker": "ranker",
    "contender.surrogate": "surrogate",
    "contender.logistic_regression": "logistic regression",
    "contender.ebm": "EBM",
    "contender.ease": "EASE",
    "stage.cost.fit": "fitting {model}",
    "stage.cost.rank": "ranking the catalogue: {model}",
    "stage.cost.explain": "timing reasons: {model}",
    "cost.no_interpret": "the library interpret is not installed ('pip install -r {file}').",
    "cost.one_outcome": "the training rows hold one outcome only.",
}
