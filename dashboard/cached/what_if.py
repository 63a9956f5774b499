"""One user and one item as somebody supposes them: what the model says before and after some edits."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from dashboard.cached.cache import lru_shared
from dashboard.cached.words import text_vectors
from dashboard.cached.workspace import dataset, model, reranker_of, scorer, workspace
from dashboard.presentation import wording
from dashboard.workspaces import WorkspaceRef
from recsys_core.counterfactual import AllowedColumn, smallest_change
from recsys_core.data.features import FeatureGroup
from recsys_core.data.schema import Column
from recsys_core.explain.player_values import Value, player_column, raw_value
from recsys_core.models.text_vectors import TextVectors
from recsys_core.player import Player
from recsys_core.rerank import Reranker
from recsys_core.results import Counterfactual
from recsys_core.results.units import LOGIT, Units
from recsys_core.results.what_if import ResponseCurve, ResponsePoint, Standing, WhatIf
from recsys_core.variant import ModelVariant
from recsys_core.what_if.edit_texts import EditTexts, ReadEdits, read_edits, without_column
from recsys_core.what_if.edits import SetColumn
from recsys_core.what_if.response import response_curve
from recsys_core.what_if.situation import Situation, situation_of, with_edits
from recsys_core.what_if.what_if import what_if

MOST_STOPS = 100  # of a slider over the numbers of a column
STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Asked:
    """Who and what is asked about, by which model; None for a new user, or a new item."""

    ref: WorkspaceRef
    user_index: int | None
    item_index: int | None
    variant: ModelVariant


@dataclass(frozen=True, slots=True, eq=False)
class ColumnStops:
    """What a column can be set to: ``values`` of a category or a set, or the stops of a slider; a text has none."""

    group: FeatureGroup
    column: Column
    values: tuple[Value, ...]

    @property
    def player(self) -> Player:
        return self.group.player


@lru_shared(64)
def situation(asked: Asked) -> Situation:
    """What the tables say."""
    opened = workspace(asked.ref)
    return situation_of(
        scorer(asked.ref, asked.variant), opened.split_dataset, asked.user_index, asked.item_index, encoder(asked)
    )


@lru_shared(256)
def read(asked: Asked, texts: EditTexts) -> ReadEdits:
    """The edits that fit, and why others do not."""
    return read_edits(texts, situation(asked), dataset(asked.ref))


@lru_shared(256)
def changed(asked: Asked, texts: EditTexts, units: Units = LOGIT) -> WhatIf:
    """The catalogue scored before and after the edits that fit, and which of them did what."""
    return what_if(
        situation(asked),
        read(asked, texts).edits,
        workspace(asked.ref).split_dataset,
        encoder(asked),
        units=units,
        reranker=_reranker(asked),
    )


def curve(asked: Asked, texts: EditTexts, key: str, after: Standing) -> ResponseCurve:
    """What the model says over the values of a column, the other edits in force. Raises ``SettingError`` for a text.

    ``after`` is where the item stands after all edits: the edited value's own point, so that a slider that is moved
    asks for no other one. A set's points lie around its edited value.
    """
    others = without_column(texts, key)
    mine = next((e for e in read(asked, texts).edits if isinstance(e, SetColumn) and e.player.key == key), None)
    found = _curve(asked, others, key)
    if mine is None or found.kind == "set":
        return _curve(asked, texts, key) if found.kind == "set" else found
    edited = ResponsePoint(mine.value, after.score, after.rank)
    points = found.points
    if isinstance(mine.value, float) and all(point.value != mine.value for point in points):
        points = tuple(sorted((*points, edited), key=lambda point: float(point.value or 0.0)))
    return replace(found, edited=edited, points=points)


@lru_shared(128)
def _curve(asked: Asked, texts: EditTexts, key: str) -> ResponseCurve:
    return response_curve(
        situation(asked),
        read(asked, texts).edits,
        Player.parse(key),
        workspace(asked.ref).split_dataset,
        encoder(asked),
        reranker=_reranker(asked),
    )


@lru_shared(128)
def smallest(asked: Asked, texts: EditTexts, allowed: tuple[AllowedColumn, ...]) -> Counterfactual:
    """The smallest further change of the allowed columns that brings the item into the top ten."""
    edits = read(asked, texts).edits
    return smallest_change(
        with_edits(situation(asked), edits, encoder(asked)),
        workspace(asked.ref).split_dataset,
        allowed,
        reranker=_reranker(asked),
        edited={edit.player: edit.value for edit in edits if isinstance(edit, SetColumn)},
    )


def _reranker(asked: Asked) -> Reranker:
    return reranker_of(asked.ref, asked.variant)


def encoder(asked: Asked) -> TextVectors:
    """Makes vectors of edited texts, by the encoder that the model was trained with."""
    return text_vectors(asked.ref, asked.variant.model)


@lru_shared(16)
def columns(ref: WorkspaceRef, model_id: str, side: str) -> tuple[ColumnStops, ...]:
    """Every column of one side that the model reads, in the order of the table."""
    data, frame = dataset(ref), dataset(ref).users if side == "user" else dataset(ref).items
    found = []
    for group in model(ref, model_id).features.side(side):
        column = player_column(data, group.player)
        if column is None:  # the user's or the item's own embedding
            continue
        values: tuple[Value, ...] = group.values
        if group.kind == "number":
            values = number_stops(pd.to_numeric(frame[column.stored], errors="coerce").to_numpy(float))
        found.append(ColumnStops(group, column, values))
    return tuple(found)


def number_stops(cells: np.ndarray) -> tuple[float, ...]:
    """At most about a hundred round numbers from the smallest to the largest cell, both among them; whole if all are.

    >>> number_stops(np.array([18.0, 21.0])), number_stops(np.array([0.0, 0.5, np.nan]))[:3]
    ((18.0, 19.0, 20.0, 21.0), (0.0, 0.005, 0.01))
    """
    known = cells[np.isfinite(cells)]
    if not len(known):
        return ()
    low, high = float(known.min()), float(known.max())
    if low == high:
        return (low,)
    raw = (high - low) / MOST_STOPS
    power = 10.0 ** np.floor(np.log10(raw))
    step = next(s for s in STEPS if s * power >= raw * (1 - 1e-9)) * power
    if (known == np.round(known)).all():
        step = max(1.0, np.ceil(step))
    first, last = np.ceil(low / step), np.floor(high / step)
    inside = [float(f"{n * step:.12g}") for n in np.arange(first, last + 1)]
    return tuple(sorted({low, high, *(x for x in inside if low <= x <= high)}))


@lru_shared(512)
def option_names(ref: WorkspaceRef, model_id: str, key: str, language: str) -> dict[Value, str]:
    """What to call every value of a column in a ``language``, which is the session's; an empty cell as None."""
    player = Player.parse(key)
    stops = next(c for c in columns(ref, model_id, player.side) if c.player == player)
    return {value: wording.shown_value(player, value, stops.column) for value in (*stops.values, None)}


def own_value(asked: Asked, stops: ColumnStops) -> Value:
    """What the table holds of the user or the item; nothing of a new one."""
    data = dataset(asked.ref)
    frame, row = (data.users, asked.user_index) if stops.player.side == "user" else (data.items, asked.item_index)
    if row is None:
        return None
    return raw_value(frame[stops.column.stored].iloc[row], stops.column)


@lru_shared(256)
def history_times(ref: WorkspaceRef, user_index: int | None) -> dict[int, float]:
    """When a user took each item, by item index, the last time of several; 0 where unknown."""
    if user_index is None:
        return {}
    opened = workspace(ref)
    rows = opened.split_dataset.histories.rows_of(user_index)
    histories, times = opened.split_dataset.histories, opened.dataset.interactions["time"].to_numpy()
    rows = rows[histories.positive[rows] & (histories.part[rows] >= 0) & (histories.part[rows] <= 1)]
    rows = rows[np.argsort(histories.order[rows], kind="stable")]
    return dict(zip(histories.item[rows].tolist(), times[rows].tolist(), strict=True))
