"""Edited rows: one item's place in one user's list for many edits of the user's or the item's columns at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from recsys_core.counterfactual.places import ListRule, Places
from recsys_core.data.features import Features
from recsys_core.player import Player
from recsys_core.results.edits import Cell
from recsys_core.what_if.situation import Situation

AT_ONCE = 1024  # states
State = tuple[tuple[Player, Cell], ...]  # edited columns


class EditedRows:
    """Where the item stands among its rivals in edited states; copies of the two rows are edited, their ids stay.

    The rivals are the user's strongest candidates and those that turned out to be ahead elsewhere (`meet`): an item
    that is not listed among them is not on the whole list either.
    """

    def __init__(self, situation: Situation, rule: ListRule, scores: np.ndarray, n_rivals: int) -> None:
        self.situation, self.rule, self.n_scored = situation, rule, 0
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
        base = self.situation
        read = base.history[base.history >= 0]
        copies = np.full(len(items), base.item_index)
        scorer = base.scorer.take(np.full(len(users), base.user_index), np.concatenate([copies, self.rivals, read]))
        features = _edited(_edited(scorer.features, users), items)
        scorer = scorer.with_features(features, edited={"user": np.arange(len(users)), "item": np.arange(len(items))})
        rivals = len(items) + np.arange(len(self.rivals))
        history = (len(items) + len(rivals) + np.arange(len(read)))[None] if len(read) else np.array([[-1]])
        others = scorer.score_grid(np.arange(len(users)), rivals, history) + self.of_term[self.rivals]
        own = scorer.score_pairs(of_user, of_item, np.repeat(history, len(states), axis=0))
        return self.rule.by_scores(own + self.of_term[base.item_index], others[of_user], self.rivals)


def _distinct(states: Sequence[State], side: str) -> tuple[list[State], np.ndarray]:
    """The different edits of one side, and which of them is each state's."""
    place: dict[State, int] = {}
    rows = (tuple(edit for edit in state if edit[0].side == side) for state in states)
    indices = [place.setdefault(row, len(place)) for row in rows]
    return list(place), np.array(indices)


def _edited(features: Features, states: Sequence[State]) -> Features:
    """Features whose first rows of a side hold what the states say."""
    rows: dict[Player, dict[int, Cell]] = {}
    for row, state in enumerate(states):
        for player, value in state:
            rows.setdefault(player, {})[row] = value
    groups = {group.player: group for group in features.groups}
    for player, cells in rows.items():
        values = groups[player].encode(pd.Series(list(cells.values()), dtype=object))
        features = features.with_cells(np.array(list(cells)), {groups[player].key: values})
    return features
