"""Response curves: what the model says over the values of one column, everything else as it is supposed.

For one user and item this is individual conditional expectation (ICE: Goldstein et al. 2015, section 3): the column's
cell is replaced, the pair is scored, and the item takes its rank in the list that belongs to that value.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from recsys_core.data.dataset import Dataset
from recsys_core.data.features import FeatureGroup
from recsys_core.data.schema import stored_name
from recsys_core.errors import SettingError
from recsys_core.explain.player_values import player_column
from recsys_core.models.edited_rows import Encode
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.player import Player
from recsys_core.rerank import BY_SCORE, Reranker
from recsys_core.results.edits import Cell, Edit, SetColumn
from recsys_core.results.what_if import ResponseCurve, ResponsePoint
from recsys_core.what_if.cells import encoded_cell
from recsys_core.what_if.copies import copies_catalogue, score_copies, term_score
from recsys_core.what_if.edits import column_edit
from recsys_core.what_if.situation import Situation, with_edits

N_GRID = 21  # numbers between a column's least and largest, beside its knots
MOST_VALUES = 40  # of a category or a set: the most frequent


def response_curve(
    situation: Situation,
    edits: Sequence[Edit],
    player: Player,
    split_dataset: SplitDataset,
    encode: Encode | None = None,
    *,
    reranker: Reranker = BY_SCORE,
) -> ResponseCurve:
    """Score, probability and rank of the item over the values of one column of the user or of the item.

    A number runs along its knots and a grid between the least and the largest of its table; a category takes each of
    its values (the 40 most frequent), a set loses and gains each member. The column's own and its edited value are
    always there. All other edits are in force.

    Raises
    ------
    SettingError
        As `recsys_core.what_if.edits.column_edit`; ``response.text`` for a text, which has no values to run along.
    """
    column_edit(player, None, split_dataset.dataset, situation.scorer.features)
    group = next(g for g in situation.scorer.features.groups if g.player == player)
    if group.kind == "text":
        raise SettingError("response.text", column=group.key)
    others = [e for e in edits if not (isinstance(e, SetColumn) and e.player == player)]
    own = own_cell(situation, player, split_dataset.dataset)
    edited = next((e.value for e in edits if isinstance(e, SetColumn) and e.player == player), own)
    supposed = with_edits(situation, others, encode)
    members = _toggled(group, edited, situation) if group.kind == "set" else {}
    shown = list(members) if members else _values(group, (own, edited), situation, split_dataset)
    scored = _points(supposed, group, [*dict.fromkeys([*shown, own, edited])], split_dataset, reranker)
    points = [replace(scored[value], member=m, is_added=on) for value, (m, on) in members.items()]
    span = (group.knots[0], group.knots[-1]) if group.kind == "number" else None
    return ResponseCurve(
        player,
        group.kind,
        tuple(points or [scored[value] for value in shown]),
        scored[own],
        scored[edited],
        len(group.values) or len(shown),
        span,
        int((~supposed.seen).sum()),
    )


def own_cell(situation: Situation, player: Player, dataset: Dataset) -> Cell:
    """What the tables hold in a column of the situation's user or item; None where the cell is empty or the row new."""
    is_user = player.side == "user"
    frame, row = (dataset.users, situation.user_index) if is_user else (dataset.items, situation.item_index)
    if row >= len(frame) or player.column is None:
        return None
    cell = frame[stored_name(player.column)].iloc[row]
    if pd.isna(cell):
        return None
    return float(cell) if isinstance(cell, int | float | np.number) else str(cell) or None


def _values(
    group: FeatureGroup, always: tuple[Cell, ...], situation: Situation, split_dataset: SplitDataset
) -> list[Cell]:
    """Values of a number, ascending, or of a category: in the order of its levels, else the most frequent first."""
    dataset, player = split_dataset.dataset, group.player
    if group.kind == "number":
        frame = dataset.users if player.side == "user" else dataset.items
        grid = np.linspace(group.knots[0], group.knots[-1], N_GRID)
        if _is_whole(frame[stored_name(str(player.column))]):
            grid = np.round(grid)
        said = [value for value in always if isinstance(value, float)]
        return [float(value) for value in sorted({*group.knots, *grid.tolist(), *said})]
    codes = situation.scorer.features.tables[group.key]
    counts = np.bincount(codes, minlength=group.size)[1:]
    frequent = np.sort(np.argsort(-counts, kind="stable")[:MOST_VALUES])
    column = player_column(dataset, player)
    if column is None or column.kind != "ordered":
        frequent = frequent[np.argsort(-counts[frequent], kind="stable")]
    return [*dict.fromkeys([*(group.values[i] for i in frequent), *(v for v in always if v is not None)])]


def _toggled(group: FeatureGroup, current: Cell, situation: Situation) -> dict[Cell, tuple[str, bool]]:
    """A set with each member taken off, and with each of the most frequent others added: which, and whether added."""
    held = [value for value in group.values if value in str(current or "").split("|")]
    counts = (situation.scorer.features.tables[group.key] > 0).sum(0)
    frequent = [group.values[i] for i in np.argsort(-counts, kind="stable")]
    found: dict[Cell, tuple[str, bool]] = {}
    for member in [*held, *[value for value in frequent if value not in held][:MOST_VALUES]]:
        is_added = member not in held
        kept = [v for v in group.values if (v in held) != (v == member)]
        found["|".join(kept) or None] = (member, is_added)
    return found


def _points(
    situation: Situation, group: FeatureGroup, values: list[Cell], split_dataset: SplitDataset, reranker: Reranker
) -> dict[Cell, ResponsePoint]:
    """The item's score and rank with each value in the column's place."""
    cells = {group.key: np.stack([encoded_cell(group, value, None) for value in values])}
    before = situation.scores(split_dataset.tie_order, reranker)
    points = zip(values, _catalogues(situation, group.side, cells, before.scores), strict=True)
    lists = ((value, replace(before, scores=scores)) for value, scores in points)
    item = situation.item_index
    return {value: ResponsePoint(value, float(of.scores[item]), of.rank_of(item)) for value, of in lists}


def _catalogues(situation: Situation, side: str, cells: dict[str, np.ndarray], scores: np.ndarray) -> Iterator:
    """Everybody's scores ``(n_items,)`` with each value: another user's, or those that are there but for one item."""
    if side == "user":
        yield from copies_catalogue(situation, cells)
        return
    n = len(next(iter(cells.values())))
    which = np.stack([np.zeros(n, np.int64), np.arange(n), np.zeros(n, np.int64)], 1)
    for score in score_copies(situation, {}, cells, which, situation.history[None]) + term_score(situation):
        other = scores.copy()
        other[situation.item_index] = score
        yield other


def _is_whole(column: pd.Series) -> bool:
    """Whether every number of a column is a whole one."""
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(float)
    return bool(np.all((numbers % 1 == 0) | np.isnan(numbers)))
