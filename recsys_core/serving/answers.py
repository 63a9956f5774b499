"""Answers: what a version says of a person, as the service sends it; computed in a pool's thread."""

from __future__ import annotations

from typing import Any

import numpy as np

from recsys_core.data.folder import without_nan
from recsys_core.errors import phrase
from recsys_core.live.engine import Engine
from recsys_core.live.person import Person
from recsys_core.results.serving import LiveExplanation, LiveItem, LiveList, LiveScores
from recsys_core.serving.bodies import RecommendBody

OF_ITEM = ("item_id", "title", "score", "probability", "rank")
OF_EXPLANATION = (
    *("score", "probability", "base_value", "completeness_gap", "standard_error", "fit", "background", "seed"),
    *("seconds", "exact", "units", "compared_with", "logit"),
)
OF_REASON = ("feature", "value", "unit", "contribution")


def list_for(engine: Engine, person: Person, takers: np.ndarray, body: RecommendBody) -> tuple[LiveList, int]:
    """The best items for the person, and how many of the excluded ids are no items (so that nothing lists them)."""
    known = [item for item in body.exclude if item in engine.dataset.item_ids]
    found = engine.recommend(person, takers=takers, k=body.k, exclude=known, with_reasons=body.reasons)
    return found, len(body.exclude) - len(known)


def list_said(found: LiveList, list_id: str | None, n_unknown: int) -> dict[str, Any]:
    """A list as it is sent; ``list_id`` is None where the log could not take it."""
    notes = [*found.notes, *([phrase("serve.excluded", n=n_unknown)] if n_unknown else [])]
    notes += [phrase("serve.not_noted")] if list_id is None else []
    return {"list_id": list_id, **_head(found), "notes": list(map(str, notes)), "items": list(map(_item, found.items))}


def scores_said(found: LiveScores) -> dict[str, Any]:
    """Scores as they are sent, in the order of the items."""
    scores = {"scores": list(found.scores), "probabilities": list(found.probabilities)}
    return _head(found) | {"notes": list(map(str, found.notes))} | scores


def explanation_said(found: LiveExplanation) -> Any:
    """An explanation as the command ``explain`` prints it; what has no meaning for its method is null."""
    said = {name: getattr(found.explanation, name) for name in OF_EXPLANATION}
    reasons = [{name: getattr(reason, name) for name in OF_REASON} for reason in found.explanation.contributions]
    return without_nan(_head(found) | {"notes": list(map(str, found.notes))} | said | {"contributions": reasons})


def _head(found: LiveList | LiveScores | LiveExplanation) -> dict[str, Any]:
    return {"version": found.version.version, "variant": found.variant, "user": found.user}


def _item(item: LiveItem) -> dict[str, Any]:
    said = {name: getattr(item, name) for name in OF_ITEM}
    if item.n_takers is not None:
        said["n_takers"] = item.n_takers
    if item.reasons is not None:
        said["reasons"] = [
            {"feature": r.feature, "value": r.value, "contribution": r.contribution} for r in item.reasons
        ]
    return said
