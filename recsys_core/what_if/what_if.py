"""What if: the score, the rank and the list before and after some edits, and which edit did what."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from recsys_core.data.features import Features
from recsys_core.errors import Phrase, phrase
from recsys_core.models.edited_rows import Encode
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.player import Player
from recsys_core.recommend import UserScores
from recsys_core.rerank import BY_SCORE, Reranker
from recsys_core.results.edits import Edit, SetColumn, cell_text
from recsys_core.results.ranking import RankedItem
from recsys_core.results.units import LOGIT, Units
from recsys_core.results.what_if import EditContribution, EditExplanation, ListChange, MovedItem, Standing, WhatIf
from recsys_core.what_if.edit_contributions import EditGame
from recsys_core.what_if.situation import Situation, with_edits


def explain_edits(
    situation: Situation,
    edits: Sequence[Edit],
    split_dataset: SplitDataset,
    encode: Encode | None = None,
    *,
    units: Units = LOGIT,
    reranker: Reranker = BY_SCORE,
) -> EditExplanation:
    """What an item's score was, what it is after the edits, and what each of them adds to the change.

    Parameters
    ----------
    situation
        Before the edits.
    encode
        Makes vectors of texts (`recsys_core.models.text_vectors`); needed where a text is edited.
    units
        ``logit``, or ``probability``: the Shapley values of the probability itself.

    Raises
    ------
    SettingError
        Where edits do not fit (`recsys_core.what_if.situation.with_edits`).
    """
    return what_if(situation, edits, split_dataset, encode, units=units, k=1, reranker=reranker).explanation


def what_if(
    situation: Situation,
    edits: Sequence[Edit],
    split_dataset: SplitDataset,
    encode: Encode | None = None,
    *,
    units: Units = LOGIT,
    k: int = 10,
    reranker: Reranker = BY_SCORE,
) -> WhatIf:
    """`explain_edits`, with the ``k`` best items before and after, and notes on how the model reads the values."""
    began = time.perf_counter()
    edited = with_edits(situation, edits, encode)
    before, after = (s.scores(split_dataset.tie_order, reranker) for s in (situation, edited))
    game = EditGame(situation, edits, encode)
    contributions, error = game.solve(units)
    shared = tuple(
        EditContribution(edit, float(contributions[i]), None if error is None else float(error[i]))
        for i, edit in enumerate(edits)
    )
    item = situation.item_index
    explanation = EditExplanation(
        standing(before, item),
        standing(after, item),
        shared,
        units,
        exact=error is None,
        n_evaluations=game.n_evaluations,
        seconds=time.perf_counter() - began,
    )
    named = edited_names(situation, edits, split_dataset)
    top = list_change(before, after, split_dataset, k=k, named=named)
    return WhatIf(explanation, top, tuple(reading_notes(edits, situation.scorer.features)))


def standing(scores: UserScores, item_index: int) -> Standing:
    """Score and rank of one item."""
    return Standing(float(scores.scores[item_index]), scores.rank_of(item_index), scores.n_candidates)


def list_change(
    before: UserScores,
    after: UserScores,
    split_dataset: SplitDataset,
    *,
    k: int = 10,
    named: Mapping[int, tuple[str, str]] | None = None,
) -> ListChange:
    """The ``k`` best items on both sides of some edits; ``named`` as `edited_names`."""

    def lines(of: UserScores, other: UserScores) -> tuple[MovedItem, ...]:
        listed = of.top(k).tolist()
        names = _names(split_dataset, listed) | dict(named or {})
        ranked = (RankedItem(i, *names[i], score=float(of.scores[i]), rank=place) for place, i in enumerate(listed, 1))
        return tuple(MovedItem(line, other.rank_of(line.item_index)) for line in ranked)

    return ListChange(lines(before, after), lines(after, before))


def edited_names(
    situation: Situation, edits: Sequence[Edit], split_dataset: SplitDataset
) -> dict[int, tuple[str, str]]:
    """Id and title of the situation's item where the table says another title or none: edited ones, and new items."""
    dataset, item = split_dataset.dataset, situation.item_index
    title = Player("item", dataset.schema.item_title)
    said = [cell_text(e.value) for e in edits if isinstance(e, SetColumn) and e.player == title]
    if not said and item < dataset.n_items:
        return {}
    return {item: (str(situation.scorer.features.ids["item"][item]), said[-1] if said else "")}


def reading_notes(edits: Sequence[Edit], features: Features) -> list[Phrase]:
    """What to know of how the model reads edited values: a number beyond its table's range is read as its end."""
    groups, notes = {group.player: group for group in features.groups}, []
    for edit in edits:
        group = groups.get(edit.player) if isinstance(edit, SetColumn) else None
        if group is None or group.kind != "number" or not isinstance(edit, SetColumn) or edit.value is None:
            continue
        low, high, value = group.knots[0], group.knots[-1], float(edit.value)
        if not low <= value <= high:
            end = cell_text(high if value > high else low)
            notes.append(phrase("edit.note.beyond", column=group.key, value=cell_text(value), end=end))
    return notes


def _names(split_dataset: SplitDataset, items: list[int]) -> dict[int, tuple[str, str]]:
    """Raw ids and titles of items that the table has."""
    dataset = split_dataset.dataset
    rows = [item for item in items if item < dataset.n_items]
    some = dataset.items.iloc[rows]
    names = zip(some["item_id"].tolist(), some[dataset.schema.item_title].tolist(), strict=True)
    return dict(zip(rows, names, strict=True))
