"""Engine: one version under one variant, asked about people as they are known now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from recsys_core.errors import Phrase, SettingError, phrase
from recsys_core.explain.explain import check_method, explain
from recsys_core.explain.methods import DEFAULT
from recsys_core.explain.one_at_a_time import losses_without
from recsys_core.explain.player_values import player_values
from recsys_core.explain.probability_games import check_units
from recsys_core.live.people import Asked, Strangers
from recsys_core.live.person import Person
from recsys_core.metrics import probability, top_k
from recsys_core.models.scorer import Pairs, Scorer
from recsys_core.models.trained_model import TrainedModel
from recsys_core.rerank import Candidates, Reranker
from recsys_core.results.serving import (
    POPULARITY,
    ItemReason,
    LiveExplanation,
    LiveItem,
    LiveList,
    LiveScores,
    ServedVersion,
)
from recsys_core.results.units import LOGIT, Units
from recsys_core.variant import ModelVariant

BACKGROUND = 4  # rows that an explanation is against, where nothing else is asked
MOST_BACKGROUND = 1000
N_REASONS = 3  # told for an item of a list


class Engine:
    """A version of a workspace, compressed and re-ranked as its variant says; nothing in it changes.

    The answers are those of the command line wherever the history is the same. May be asked from several threads.

    Attributes
    ----------
    served
        The version that every answer names.
    variant
        With the model's id, where that is not the current one.
    """

    def __init__(
        self, served: ServedVersion, model: TrainedModel, scorer: Scorer, reranker: Reranker, variant: ModelVariant
    ) -> None:
        self.served, self.model, self.variant = served, model, variant
        self.scorer, self.reranker = scorer, reranker
        self.split_dataset, self.dataset = model.split_dataset, model.dataset
        self._key, self._length = variant.key, model.split_dataset.histories.length
        self._item_ids = [str(item) for item in self.dataset.items["item_id"].tolist()]
        self._titles = [_title(title, item) for title, item in zip(self.dataset.titles, self._item_ids, strict=True)]
        self._has_probability = model.task != "rating"
        self.strangers = Strangers(model, scorer)
        self._background = lru_cache(maxsize=8)(self._draw_background)

    def warm(self) -> None:
        """Ask everything once, so that no request pays for what is made at the first call."""
        person = Person(None, 0) if self.dataset.n_users else Person(None, None)
        taker = np.ones(self.dataset.n_items)
        self.recommend(person, takers=taker, with_reasons=True)
        self.recommend(Person(None, None, attributes={"": None}), takers=taker)
        self.explain(person, self._item_ids[0])

    def recommend(
        self,
        person: Person,
        *,
        takers: np.ndarray,
        k: int = 10,
        exclude: Sequence[str] = (),
        with_reasons: bool = False,
    ) -> LiveList:
        """The ``k`` best items that a person has not met, ties as the command line breaks them.

        Parameters
        ----------
        takers
            `LiveHistories.n_takers`: by it people are served of whom nothing is known.
        exclude
            Raw ids of items that are no candidates besides.
        with_reasons
            Whether each item says what speaks for and against it most (`losses_without`).

        Raises ``SettingError`` (``setting.k``) for ``k`` below 1, ``RecLensError`` (``item.unknown``).
        """
        if k < 1:
            raise SettingError("setting.k", value=k)
        out = np.zeros(self.dataset.n_items, dtype=bool)
        out[person.met] = True
        out[[self.model.item_index(item) for item in exclude]] = True
        asked = self._asked(person)
        if person.is_blank:
            return self._by_popularity(takers, out, k, asked)
        known = person.known(self.dataset.n_items)
        users = np.array([asked.row])
        scores = asked.scorer.score_catalogue(users, person.history(self._length)[None], known)
        candidates = Candidates(users, scores, out[None], self.split_dataset.tie_order, known)
        listed = self._listed(self.reranker.lists(candidates, min(k, len(out))))
        told = scores[0, listed].tolist()
        reasons = self._reasons(person, listed) if with_reasons else [None] * len(listed)
        items = tuple(
            LiveItem(
                item_id=self._item_ids[item],
                title=self._titles[item],
                score=score,
                probability=probability(score) if self._has_probability else None,
                rank=rank,
                reasons=why,
            )
            for rank, (item, score, why) in enumerate(zip(listed.tolist(), told, reasons, strict=True), 1)
        )
        return self._list(items, out, k, asked, self._key)

    def score(self, person: Person, items: Sequence[str]) -> LiveScores:
        """Logits of any items, met ones too. Raises ``RecLensError`` (``item.unknown``)."""
        rows = np.array([self.model.item_index(item) for item in items], dtype=np.int64)
        asked, known = self._asked(person), person.known(self.dataset.n_items)
        found: list[float] = []
        if len(rows):
            found = asked.scorer.score_items(asked.row, rows, person.history(self._length), known).tolist()
        return LiveScores(
            version=self.served,
            variant=self._key,
            user=asked.kind,
            item_ids=tuple(map(str, items)),
            scores=tuple(found),
            probabilities=tuple(probability(x) if self._has_probability else None for x in found),
            notes=(*asked.notes, *self._blank_note(person)),
        )

    def explain(
        self,
        person: Person,
        item: str,
        *,
        background: int = BACKGROUND,
        method: str = DEFAULT,
        history: str = "one",
        seed: int = 0,
        units: Units = LOGIT,
    ) -> LiveExplanation:
        """Why a person gets an item, met or not, against seeded training examples as the command ``explain`` draws.

        Raises ``SettingError`` and ``RecLensError`` as that command does; ``setting.between`` for a background of no
        row or more than 1,000.
        """
        if not 1 <= background <= MOST_BACKGROUND:
            raise SettingError("setting.between", name="background", low=1, high=MOST_BACKGROUND, value=background)
        row = self.model.item_index(item)
        check_method(self.scorer, method=method, history=history)
        check_units(units, self.model.task)
        asked, rows = self._asked_beside(person, background, seed)
        found = explain(
            asked.scorer,
            asked.dataset,
            self._pairs(asked, person, np.array([row])),
            rows,
            method=method,
            history=history,
            seed=seed,
            units=units,
        )
        return LiveExplanation(
            version=self.served,
            variant=self._key,
            user=asked.kind,
            explanation=found,
            notes=(*asked.notes, *self._blank_note(person)),
        )

    def _asked(self, person: Person) -> Asked:
        """Whom the scorer is asked about: a row of the dataset, or one that is made for the occasion."""
        if person.user_index is not None:
            return Asked(self.scorer, person.user_index, "known", self.dataset)
        return self.strangers.asked(person)

    def _asked_beside(self, person: Person, n: int, seed: int) -> tuple[Asked, Pairs]:
        """The same, and background rows of that scorer."""
        rows = self._background(n, seed)
        return (self._asked(person), rows) if person.is_known else self.strangers.beside(person, rows)

    def _pairs(self, asked: Asked, person: Person, items: np.ndarray) -> Pairs:
        """Some items for a person, each with the history and all that is known."""
        same = np.zeros(len(items), dtype=np.int64)
        histories = np.tile(person.history(self._length), (len(items), 1))
        return Pairs(np.full(len(items), asked.row), items, histories, person.known(self.dataset.n_items)[same])

    def _draw_background(self, n: int, seed: int) -> Pairs:
        return self.split_dataset.background(n, seed=seed)

    def _reasons(self, person: Person, listed: np.ndarray) -> list[tuple[ItemReason, ...]]:
        """The strongest reasons of each listed item, in order of size."""
        if not len(listed):
            return []
        asked, rows = self._asked_beside(person, BACKGROUND, 0)
        pairs = self._pairs(asked, person, listed)
        losses = losses_without(asked.scorer, pairs, rows)
        players, all_known = asked.scorer.features.players, asked.scorer.term is not None
        strongest = np.argsort(-np.abs(losses), axis=1, kind="stable")[:, :N_REASONS]
        values = {
            column: player_values(asked.dataset, players[column], pairs, all_known=all_known)
            for column in np.unique(strongest).tolist()
        }
        return [
            tuple(
                ItemReason(feature=players[j].key, value=values[j][row], contribution=float(losses[row, j]))
                for j in columns
            )
            for row, columns in enumerate(strongest.tolist())
        ]

    def _by_popularity(self, takers: np.ndarray, out: np.ndarray, k: int, asked: Asked) -> LiveList:
        """What most people took, for somebody of whom nothing is known."""
        counts = np.asarray(takers, dtype=float)[None]
        order = self.split_dataset.tie_order
        listed = self._listed(top_k(counts, min(k, len(out)), excluded=out[None], tie_order=order))
        items = tuple(
            LiveItem(
                item_id=self._item_ids[item],
                title=self._titles[item],
                score=None,
                probability=None,
                rank=rank,
                n_takers=int(counts[0, item]),
            )
            for rank, item in enumerate(listed.tolist(), 1)
        )
        said = replace(asked, kind="unknown", notes=(*asked.notes, phrase("live.note.popular")))
        return self._list(items, out, k, said, POPULARITY)

    def _list(self, items: tuple[LiveItem, ...], out: np.ndarray, k: int, asked: Asked, variant: str) -> LiveList:
        left: tuple[Phrase, ...] = ()
        if not items:
            left = (phrase("live.note.nothing_left"),)
        elif len(items) < k:
            left = (phrase("live.note.fewer", n=len(items), k=k),)
        return LiveList(
            version=self.served,
            variant=variant,
            user=asked.kind,
            items=items,
            n_candidates=len(out) - int(np.count_nonzero(out)),
            notes=(*asked.notes, *left),
        )

    @staticmethod
    def _listed(lists: np.ndarray) -> np.ndarray:
        return lists[0][lists[0] >= 0]

    @staticmethod
    def _blank_note(person: Person) -> tuple[Phrase, ...]:
        return (phrase("live.note.nothing_known"),) if person.is_blank else ()


def _title(title: object, item_id: str) -> str:
    """What a person reads; the id where the data have no title."""
    return title if isinstance(title, str) and title.strip() else item_id
