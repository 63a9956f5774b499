"""Change: the smallest change of a user's or an item's attributes that brings the item into the top k."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from recsys_core.counterfactual.allowed import AllowedColumn, Choices, check_allowed, choices
from recsys_core.counterfactual.edited_rows import EditedRows, State
from recsys_core.counterfactual.outcome import Question, asked, not_found, verified
from recsys_core.counterfactual.places import ListRule
from recsys_core.errors import Phrase, phrase
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.player import Player
from recsys_core.rerank import BY_SCORE, Reranker
from recsys_core.results.counterfactual import CHANGE_ATTRIBUTES, ChangedColumn, Counterfactual
from recsys_core.results.edits import Cell, SetColumn
from recsys_core.what_if.situation import Situation

MOST_ROUNDS = 6  # with more rivals each time
AT_ONCE = 16  # values tried between two others of a number
NO_VALUES: Mapping[Player, Cell] = {}


@dataclass(frozen=True, slots=True)
class ChangeSearch:
    """How far the search goes.

    Attributes
    ----------
    most_columns
        Columns changed at the same time.
    beam
        Changes of each size that are grown by one column more.
    n_values
        Values of a column that take part in changes of several: those that do most alone.
    n_rivals
        Candidates that the item is compared with before the whole catalogue is asked.
    n_refined
        Sufficient changes of one size that are made as small as they may be.
    n_in_full
        Changes that are scored by the whole catalogue where it bears none of the refined ones out.
    """

    most_columns: int = 5
    beam: int = 12
    n_values: int = 8
    n_rivals: int = 100
    n_refined: int = 6
    n_in_full: int = 30


def smallest_change(
    situation: Situation,
    split_dataset: SplitDataset,
    allowed: Iterable[AllowedColumn],
    *,
    k: int = 10,
    reranker: Reranker = BY_SCORE,
    edited: Mapping[Player, Cell] = NO_VALUES,
) -> Counterfactual:
    """The smallest change found of the allowed columns that brings the item into the top ``k``.

    Small is first few columns, then near values (`recsys_core.results.counterfactual.ChangedColumn.share`, summed).
    Categories are tried value by value, sets with one or two members changed, numbers at the knots that the model
    reads them by and between, then refined to the least that suffices. The answer is checked by the whole catalogue.
    ``exact``: no change of fewer columns suffices (of numbers and sets only no column at all is certain).

    ``edited``: what columns hold now where the situation is an edited one. Raises ``SettingError``: ``setting.k``, and
    as `recsys_core.counterfactual.allowed.check_allowed`.
    """
    began = time.perf_counter()
    question = asked(CHANGE_ATTRIBUTES, situation, split_dataset, k=k, reranker=reranker)
    dataset, features = split_dataset.dataset, situation.scorer.features
    columns = [
        choices(
            column,
            features,
            dataset,
            situation.user_index if column.player.side == "user" else situation.item_index,
            edited=edited,
        )
        for column in check_allowed(allowed, dataset, features)
    ]
    note = _no_question(question, columns)
    if note is not None:
        return not_found(question, note, began=began)
    finder = _Finder(question, columns, ChangeSearch())
    state = finder.find()
    if state is None:
        best = _edits(finder.nearest)
        rank = question.rank_after(best)
        said = ", ".join(edit.key for edit in best)
        note = phrase("counterfactual.no_change", title=question.title, k=k, rank=rank, change=said)
        return not_found(question, note, began=began, n_scored=finder.rows.n_scored, best_rank=rank)
    by_player = {column.player: column for column in columns}
    changes = [ChangedColumn(p, by_player[p].own, value, by_player[p].share(value)) for p, value in state]
    return verified(
        question, changes, _edits(state), began=began, exact=finder.is_exact(state), n_scored=finder.rows.n_scored
    )


def _no_question(question: Question, columns: Sequence[Choices]) -> Phrase | None:
    """Why no change is looked for, where that is so."""
    rank = question.item.rank
    if not rank:
        return phrase("counterfactual.no_candidate", title=question.title)
    if rank <= question.k:
        return phrase("counterfactual.listed", title=question.title, k=question.k, rank=rank)
    if not any(column.values for column in columns):
        return phrase("counterfactual.no_values", columns=", ".join(column.player.key for column in columns))
    return None


def _edits(state: State) -> tuple[SetColumn, ...]:
    return tuple(SetColumn(player, value) for player, value in state)


class _Finder:
    """One search; ``nearest`` is the state that came nearest to the list so far."""

    def __init__(self, question: Question, columns: Sequence[Choices], search: ChangeSearch) -> None:
        situation = question.situation
        rule = ListRule.of(situation, question.k, question.scores.tie_order, question.reranker)
        self.question, self.search = question, search
        self.columns = {column.player: column for column in columns if column.values}
        self.rows = EditedRows(situation, rule, question.scores.scores, search.n_rivals)
        self.nearest: State = ()
        self.nearest_margin = -np.inf

    def find(self) -> State | None:
        """The edited columns, None where no change suffices."""
        singles: list[State] = [((p, value),) for p, column in self.columns.items() for value in column.values]
        margins, found = self._level(singles)
        strong = self._strongest_values(singles, margins)
        beam = self._beam(singles, margins)
        for _ in range(1, min(self.search.most_columns, len(self.columns))):
            if found is not None:
                break
            states = list(dict.fromkeys(self._grown(beam, strong)))
            margins, found = self._level(states)
            beam = self._beam(states, margins)
        return found

    def is_exact(self, state: State) -> bool:
        """Whether fewer columns were excluded for certain."""
        finite = all(column.kind == "category" for column in self.columns.values())
        return len(state) == 1 or (len(state) == 2 and finite and self.question.reranker.settings.is_identity)

    def _level(self, states: list[State]) -> tuple[np.ndarray, State | None]:
        """Margins of states of one size, and the smallest change among those that suffice by the whole catalogue."""
        for _ in range(MOST_ROUNDS):
            places = self.rows.places(states)
            margins = places.margin
            at = int(margins.argmax())
            if margins[at] > self.nearest_margin:
                self.nearest, self.nearest_margin = states[at], float(margins[at])
            sufficient = sorted((states[i] for i in np.flatnonzero(places.is_listed)), key=self._distance)
            if not sufficient:
                return margins, None
            nearest = self._of_other_columns(sufficient[: self.search.n_refined * 4])
            refined = sorted((self._refined(state) for state in nearest), key=self._distance)
            confirmed = next((state for state in refined if self._holds(state)), None)
            if confirmed is not None:
                return margins, confirmed
        tried = sufficient[:: max(1, len(sufficient) // self.search.n_in_full)]  # a re-ranker's lists, not the scores'
        return margins, next((state for state in tried if self._holds(state)), None)

    def _of_other_columns(self, states: list[State]) -> list[State]:
        """The nearest state of each set of columns, as many as are refined."""
        first: dict[tuple[Player, ...], State] = {}
        for state in states:
            first.setdefault(tuple(player for player, _ in state), state)
        return list(first.values())[: self.search.n_refined]

    def _holds(self, state: State) -> bool:
        """Whether the whole catalogue bears it out; where not, those ahead become rivals, so that no one asks again."""
        scores = self.question.scores_after(_edits(state))
        rank = scores.rank_of(self.question.situation.item_index)
        if rank is not None and rank <= self.question.k:
            return True
        self.rows.meet(scores.scores, 2 * self.question.k)
        return False

    def _refined(self, state: State) -> State:
        """The same columns with each value as near to the own one as the others allow, the farthest first."""
        for player, _ in sorted(state, key=lambda edit: -self.columns[edit[0]].share(edit[1])):
            state = self._nearer(state, player)
        return state

    def _nearer(self, state: State, player: Player) -> State:
        """The state with the nearest sufficient value of one column."""
        column, value = self.columns[player], dict(state)[player]
        nearer = [v for v in column.values if column.distance(v) < column.distance(value)]
        if nearer:
            state = self._first_sufficient(state, player, [*nearer, value])
        return self._bisected(state, player) if column.kind == "number" else state

    def _bisected(self, state: State, player: Player) -> State:
        """The state with a number moved on towards the own one, in round steps, as far as it suffices."""
        column, far = self.columns[player], dict(state)[player]
        if not isinstance(column.own, float) or not isinstance(far, float):
            return state
        low, high = sorted((column.own, far))
        tried = [v for v in column.values if isinstance(v, float) and low < v < high]
        fails = max(tried, key=column.distance) if tried else column.own
        while between := column.between(fails, far, AT_ONCE):
            state = self._first_sufficient(state, player, [*between, far])
            closer = dict(state)[player]
            at = between.index(closer) if closer in between else len(between)
            far = between[at] if at < len(between) else far
            fails = between[at - 1] if at else fails
        return state

    def _first_sufficient(self, state: State, player: Player, values: Sequence[Cell]) -> State:
        """The state with the first of ``values`` that suffices among the rivals; the last one is known to."""
        states = [_replaced(state, player, value) for value in values]
        places = self.rows.places(states[:-1])
        return states[int(np.append(places.is_listed, True).argmax())]

    def _strongest_values(self, singles: list[State], margins: np.ndarray) -> dict[Player, list[Cell]]:
        """Of each column the values that do most alone."""
        strong: dict[Player, list[Cell]] = {player: [] for player in self.columns}
        for at in np.argsort(-margins, kind="stable"):
            player, value = singles[at][0]
            if len(strong[player]) < self.search.n_values:
                strong[player].append(value)
        return strong

    def _beam(self, states: list[State], margins: np.ndarray) -> list[State]:
        """The states that come nearest to the list, at most two of the same columns."""
        chosen: list[State] = []
        count: dict[tuple[Player, ...], int] = {}
        for at in np.argsort(-margins, kind="stable"):
            players = tuple(player for player, _ in states[at])
            if count.get(players, 0) < 2:
                count[players] = count.get(players, 0) + 1
                chosen.append(states[at])
            if len(chosen) == self.search.beam:
                break
        return chosen

    def _grown(self, beam: list[State], strong: Mapping[Player, list[Cell]]) -> Iterator[State]:
        order = list(self.columns)
        for state in beam:
            for player in self.columns.keys() - {p for p, _ in state}:
                for value in strong[player]:
                    yield tuple(sorted([*state, (player, value)], key=lambda edit: order.index(edit[0])))

    def _distance(self, state: State) -> float:
        return sum(self.columns[player].share(value) for player, value in state)


def _replaced(state: State, player: Player, value: Cell) -> State:
    return tuple((p, value if p == player else v) for p, v in state)
