"""The partition function: users in, a table of their lists with every place's reasons out. It knows no engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from recsys_core.batch.request import BatchRequest
from recsys_core.compress.variants import VariantCache
from recsys_core.explain.attribution import Attribution
from recsys_core.explain.explain import check_method
from recsys_core.explain.factorised import FactorisedGames
from recsys_core.explain.method import Question
from recsys_core.explain.methods import DEFAULT, METHODS
from recsys_core.explain.probability_games import check_units, in_units, score_in_units
from recsys_core.explain.shapley import EXACT_PLAYERS, solve
from recsys_core.metrics import logistic
from recsys_core.models.scorer import Pairs, Scorer
from recsys_core.models.trained_model import TrainedModel
from recsys_core.models.workspace import open_model
from recsys_core.rerank import Candidates, Reranker
from recsys_core.rerankers import make_reranker

USERS_AT_ONCE = 64
CATALOGUE_CELLS = 4_000_000  # scores that are held at once: 16 MB
PAIRS_AT_ONCE = 1024
PREFIX = "contribution."
OF_PLACE = (("user_id", pa.string()), ("rank", pa.int32()), ("item_id", pa.string()), ("title", pa.string()))
OF_SCORE = ("score", "probability", "base_value")
OF_DOUBT = ("standard_error", "fit")


@dataclass(frozen=True, slots=True, eq=False)
class ListExplainer:
    """Explains lists of one variant as a request says; opened once, asked for many users.

    What it answers for a user is the same whoever else is asked for, up to the last digit of single precision.
    """

    request: BatchRequest
    model: TrainedModel
    scorer: Scorer
    reranker: Reranker
    background: Pairs

    @classmethod
    def open(cls, request: BatchRequest) -> ListExplainer:
        """Raises ``WorkspaceError``, ``SettingError`` where the method cannot explain this variant."""
        model = open_model(request.workspace, request.variant.model)
        scorer = VariantCache(model).scorer(request.variant.compression)
        check_method(scorer, method=request.method)
        check_units(request.units, model.task)
        reranker = make_reranker(request.variant.reranking, model.split_dataset, scorer)
        background = model.split_dataset.background(request.background, seed=request.seed)
        return cls(request, model, scorer, reranker, background)

    @property
    def schema(self) -> pa.Schema:
        """A row a recommendation: place, score and base, a column ``contribution.REASON`` a reason, and the doubt.

        ``score`` is the logit; ``base_value`` and the contributions are in the request's units. ``standard_error`` (the
        largest of the row's contributions) is null where nothing was sampled, ``fit`` for all methods but LIME.
        """
        reasons = (PREFIX + player.key for player in self.scorer.features.players)
        numbers = [(name, pa.float32()) for name in (*OF_SCORE, *reasons, *OF_DOUBT)]
        return pa.schema([*OF_PLACE, *numbers])

    def tables(self, users: np.ndarray, told: Callable[[int], object] = lambda n_users: None) -> Iterator[pa.Table]:
        """The rows of some users in bounded memory, some users a table; ``told`` how many are done after each."""
        step = max(1, min(USERS_AT_ONCE, CATALOGUE_CELLS // max(1, self.scorer.n_items)))
        for first in range(0, len(users), step):
            few = users[first : first + step]
            yield self._table(few)
            told(first + len(few))

    def _table(self, users: np.ndarray) -> pa.Table:
        pairs, rank, scores = self._lists(users)
        cuts = [slice(at, at + PAIRS_AT_ONCE) for at in range(0, len(pairs), PAIRS_AT_ONCE)]
        parts = [self._explained(pairs[some], scores[some]) for some in cuts]
        base, contributions, *doubt = (
            (np.concatenate(x) for x in zip(*parts, strict=True)) if parts else self._nothing()
        )
        dataset = self.model.dataset
        places = [dataset.users["user_id"].iloc[pairs.users], rank, dataset.items["item_id"].iloc[pairs.items]]
        numbers = [scores, logistic(scores), base, *contributions.T, *doubt]
        titles = dataset.titles
        columns = [*places, [titles[item] for item in pairs.items.tolist()], *numbers]
        schema = self.schema
        made = (pa.array(column, field.type, from_pandas=True) for column, field in zip(columns, schema, strict=True))
        return pa.Table.from_arrays(list(made), schema=schema)

    def _lists(self, users: np.ndarray) -> tuple[Pairs, np.ndarray, np.ndarray]:
        """The places of the lists as pairs, user after user, with rank (from 1) and score."""
        task = self.model.split_dataset.ranking_of(users)
        known, histories = task.known, task.histories
        scores = self.scorer.score_catalogue(users, histories, known)
        candidates = Candidates(users, scores, task.seen, task.tie_order)
        top = self.reranker.lists(candidates, min(self.request.k, self.scorer.n_items))
        row, place = np.nonzero(top >= 0)
        items = top[row, place].astype(np.int64)
        return Pairs(users[row], items, histories[row], known[row]), place + 1, scores[row, items]

    def _explained(self, pairs: Pairs, scores: np.ndarray) -> tuple[np.ndarray, ...]:
        """Base value ``(n,)``, contributions ``(n, n_players)``, standard error and fit ``(n,)`` (NaN: none)."""
        few_players = len(self.scorer.features.players) <= EXACT_PLAYERS
        if self.request.method == DEFAULT and few_players:
            found = solve(in_units(FactorisedGames(self.scorer, pairs, self.background), self.request.units))
            none = np.full(len(pairs), np.nan)
            return found.base_values, found.contributions, none, none
        alone = [self._one(pairs[at : at + 1], float(scores[at])) for at in range(len(pairs))]
        error = [np.nan if x.standard_error is None else x.standard_error.max() for x in alone]
        fit = [np.nan if x.fit is None else x.fit for x in alone]
        contributions = np.stack([x.contributions for x in alone])
        return np.array([x.base_value for x in alone]), contributions, np.array(error), np.array(fit)

    def _one(self, pair: Pairs, logit: float) -> Attribution:
        """As `explain` answers for this pair alone, so what is sampled does not depend on who else is asked for."""
        seed, units = self.request.seed, self.request.units
        games = in_units(FactorisedGames(self.scorer, pair, self.background), units)
        score = score_in_units(logit, units)
        return METHODS[self.request.method].run(Question(self.scorer, games, pair, self.background, score, seed, units))

    def _nothing(self) -> tuple[np.ndarray, ...]:
        """Of users who have seen everything."""
        none = np.zeros(0)
        return none, np.zeros((0, len(self.scorer.features.players))), none, none
