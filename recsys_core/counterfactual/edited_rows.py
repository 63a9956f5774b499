"""Edited rows: one item's place in one user's list for many edits of the user's or the item's columns at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from recsys_core.counterfactual.places import ListRule, Places
from recsys_core.data.features import Features
from recsys_core.models.scorer import Scorer
from recsys_core.player import Player
from recsys_core.what_if.edits import Cell
from recsys_core.what_if.situation import Situation

AT_ONCE = 1024  # states
Row = tuple[tuple[Player, Cell], ...]  # edited columns of one side
State = tuple[tuple[Player, Cell], ...]  # edited columns of both


class EditedRows:
    """Where the item stands among its rivals in edited states; copies of the two rows are edited, their ids stay.

    The rivals are the user's strongest candidates and those that turned out to be ahead elsewhere (`meet`): an item
    that is not listed among them is not on the whole list either.
    """

    def __init__(self, situation: Situation, rule: ListRule, scores: np.ndarray, n_rivals: int) -> None:
        self.situation, self.rule, self.n_scored = situation, rule, 0
        self.network = situation.scorer.with_term(None)
        self.rivals = np.sort(rule.strongest(scores, n_rivals))
        term = situation.scorer.term
        self.of_term = np.zeros(len(scores), np.float32) if term is None else term.catalogue(situation.known)[0]

    def places(self, states: Sequence[State]) -> Places:
        """Place of each state among the rivals."""
        self.n_scored += len(states)
        parts = [self._places(states[at : at + AT_ONCE]) for at in range(0, len(states), AT_ONCE)]
        return Places.join(parts)

    def meet(self, scores: np.ndarray, most: int) -> None:
        """Let the strongest candidates of a state that was scored in full be rivals as well."""
        self.rivals = np.union1d(self.rivals, self.rule.strongest(scores, most))

    def _places(self, states: Sequence[State]) -> Places:
        users, of_user = _distinct(states, "user")
        items, of_item = _distinct(states, "item")
        base, history = self.situation, self.situation.history[None]
        by_user, user_rows = _with_copies(self.network, "user", base.user_index, users)
        others = by_user.score_grid(user_rows, self.rivals, history) + self.of_term[self.rivals]
        scorer, item_rows = _with_copies(by_user, "item", base.item_index, items)
        histories = np.repeat(history, len(states), axis=0)
        own = scorer.score_pairs(user_rows[of_user], item_rows[of_item], histories) + self.of_term[base.item_index]
        return self.rule.by_scores(own, others[of_user], self.rivals)


def _distinct(states: Sequence[State], side: str) -> tuple[list[Row], np.ndarray]:
    """The different edits of one side, and which of them is each state's."""
    place: dict[Row, int] = {}
    rows = (tuple(edit for edit in state if edit[0].side == side) for state in states)
    indices = [place.setdefault(row, len(place)) for row in rows]
    return list(place), np.array(indices)


def _with_copies(scorer: Scorer, side: str, row: int, edits: list[Row]) -> tuple[Scorer, np.ndarray]:
    """The scorer with an edited copy of a row behind the table for each of ``edits``, and where the copies stand."""
    if edits == [()]:
        return scorer, np.array([row])
    features = scorer.features
    n_before, n = features.n_rows(side), len(edits)
    tables = dict(features.tables)
    for group in features.side(side):
        table = features.tables[group.key]
        copies = np.repeat(table[row][None], n, axis=0)
        at = [i for i, edit in enumerate(edits) if any(player == group.player for player, _ in edit)]
        if at:
            cells = pd.Series([dict(edits[i])[group.player] for i in at], dtype=object)
            copies[at] = group.encode(cells)
        tables[group.key] = np.concatenate([table, copies])
    return scorer.with_features(_longer(features, side, tables, n)), n_before + np.arange(n)


def _longer(features: Features, side: str, tables: dict[str, np.ndarray], n: int) -> Features:
    if side == "user":
        return replace(features, tables=tables, n_users=features.n_users + n)
    return replace(features, tables=tables, n_items=features.n_items + n)
