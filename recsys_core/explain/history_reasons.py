"""History reasons: what each item that a user took adds to a score, and which part of that the item-item term adds."""

from __future__ import annotations

import time

import torch

from recsys_core.data.dataset import Dataset
from recsys_core.errors import SettingError
from recsys_core.explain.leave_one_out import leave_one_out_effects
from recsys_core.explain.term_game import given
from recsys_core.models.scorer import Pairs, Scorer
from recsys_core.results import Explanation
from recsys_core.results.history import ATTENTION, LEAVE_ONE_OUT, HistoryReason, HistoryReasons
from recsys_core.results.units import LOGIT, score_in_units


def shared_history(explanation: Explanation, pair: Pairs, dataset: Dataset) -> HistoryReasons:
    """The history's contribution shared out over all known positives, from an explanation with a reason an item.

    The item-item term's part of an item is exact whatever the method: its own entry, less an equal share of what the
    background's items would add (the term's Owen value, `recsys_core.explain.term_game.TermGame.shares`). What the
    network does not read is one reason of the explanation and is split here by the same rule. In units of probability
    nothing is apart: there the items have no part of the term, and the older ones stay one reason.

    Raises ``ValueError`` for an explanation with the history as one reason.
    """
    if explanation.history != "each":
        raise ValueError("the history is one reason of this explanation")
    parts = [c for c in explanation.contributions if c.player.side == "history"]
    by_row = {c.player.item_index: c for c in parts if c.player.item_index is not None}
    entries = _entries(explanation)
    whole = next((c for c in parts if c.player.is_earlier), None)
    bears = 0.0 if explanation.item_item is None else explanation.item_item.background / max(len(parts), 1)
    items = _positives(pair)
    earlier = [i for i in items if i not in by_row]
    found = []
    for item in items:
        entry = None if entries is None else entries.get(str(dataset.items["item_id"].iloc[item]), 0.0)
        if item in by_row:
            own = by_row[item]
            term = None if entry is None else entry - bears
            found.append(_reason(dataset, item, own.contribution, term, error=own.standard_error))
        elif entry is not None:
            part = entry - bears / len(earlier)
            found.append(_reason(dataset, item, part, part, is_read=False))
    return HistoryReasons(
        explanation.method,
        tuple(found),
        sum(c.contribution for c in parts),
        explanation.exact,
        explanation.background,
        explanation.seed,
        explanation.seconds,
        explanation.units,
        *((whole.contribution, len(earlier)) if entries is None and whole is not None else ()),
    )


def left_out_history(scorer: Scorer, pair: Pairs, dataset: Dataset, explanation: Explanation) -> HistoryReasons:
    """What the score loses without each known positive; ``explanation`` says the history's contribution as a whole."""
    began = time.perf_counter()
    effects, entries = leave_one_out_effects(scorer, pair), _entries(explanation)
    whole = explanation.logit
    read = set(pair.histories[0].tolist())
    found = []
    for item, effect in effects.items():
        entry = None if entries is None else entries.get(str(dataset.items["item_id"].iloc[item]), 0.0)
        lost = score_in_units(whole, explanation.units) - score_in_units(whole - effect, explanation.units)
        found.append(_reason(dataset, item, lost, entry, is_read=item in read))
    return _unshared(LEAVE_ONE_OUT, found, explanation, began)


@torch.inference_mode()
def attended_history(scorer: Scorer, pair: Pairs, dataset: Dataset, explanation: Explanation) -> HistoryReasons:
    """How much attention looks at each item: weights that sum to at most 1, the rest on the empty slot.

    Not an explanation: a weight says neither for nor against, nor what the value behind it does to the score (Jain &
    Wallace 2019, "Attention is not explanation"). Raises ``SettingError`` for quantised variants, whose attention
    computes with other numbers.
    """
    if scorer.compression.is_quantised:
        raise SettingError("history.attention_quantised", bits=scorer.compression.bits)
    began, attention = time.perf_counter(), scorer.ranker.adapter.attention
    slots = pair.histories[0][pair.histories[0] >= 0]
    found = []
    if len(slots):
        past, query = scorer.history_vectors(slots), scorer.item_query[torch.from_numpy(pair.items)]
        logits = (past.keys[0] @ query[0]) * attention.scale + attention.recency[: len(slots)]
        weights = torch.softmax(torch.cat([logits, attention.empty_logit]), 0)[:-1].tolist()
        of_item = dict.fromkeys(slots.tolist(), 0.0)  # an item taken twice has two slots
        for item, weight in zip(slots.tolist(), weights, strict=True):
            of_item[item] += weight
        found = [_reason(dataset, item, weight, None) for item, weight in of_item.items()]
    return _unshared(ATTENTION, found, explanation, began)


def _unshared(by: str, items: list[HistoryReason], explanation: Explanation, began: float) -> HistoryReasons:
    history = sum(c.contribution for c in explanation.contributions if c.player.side == "history")
    seconds = time.perf_counter() - began
    return HistoryReasons(by, tuple(items), history, True, 0, explanation.seed, seconds, explanation.units)


def _reason(
    dataset: Dataset,
    item: int,
    contribution: float,
    term: float | None,
    *,
    error: float | None = None,
    is_read: bool = True,
) -> HistoryReason:
    item_id = str(dataset.items["item_id"].iloc[item])
    return HistoryReason(item, item_id, dataset.titles[item], contribution, term, error, is_read)


def _entries(explanation: Explanation) -> dict[str, float] | None:
    """The item-item term's own split by raw id, logits; None where there is none, and in other units."""
    if explanation.item_item is None or explanation.units != LOGIT:
        return None
    return {entry.item_id: entry.contribution for entry in explanation.item_item.items}


def _positives(pair: Pairs) -> list[int]:
    """Item rows, newest first, each once: what attention reads, then the earlier known ones."""
    read = [int(i) for i in pair.histories[0] if i >= 0]
    known = [] if pair.known is None else given(pair).csr().indices[::-1].tolist()
    return list(dict.fromkeys([*read, *known]))
