"""Strangers: people whom the dataset does not hold, as rows beside the few that an answer needs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import pandas as pd

from recsys_core.data.dataset import Dataset
from recsys_core.data.features import FeatureGroup
from recsys_core.data.schema import stored_name
from recsys_core.errors import Phrase, phrase
from recsys_core.live.person import Person
from recsys_core.models.edited_rows import with_encoded_rows
from recsys_core.models.scorer import Pairs, Scorer
from recsys_core.models.text_vectors import TextVectors
from recsys_core.models.trained_model import TrainedModel

NEW = "new"


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """Whom a scorer is asked about: row ``row`` of its users, and of ``dataset``'s.

    ``kind`` is ``known``, ``new`` or ``unknown``.
    """

    scorer: Scorer
    row: int
    kind: str
    dataset: Dataset
    notes: tuple[Phrase, ...] = ()


class Strangers:
    """Scorers over somebody new: all items, the users of a background, and one row more.

    So a new person costs the projection of one row, however many users the dataset holds.
    """

    def __init__(self, model: TrainedModel, scorer: Scorer) -> None:
        self._model, self._scorer = model, scorer
        self._encode = TextVectors(model.encoder_name) if model.encoder_name else TextVectors()
        self._few = lru_cache(maxsize=8)(self._make_few)
        self._nobody = self._make_few(())
        self._groups = {g.player.column: g for g in scorer.features.side("user") if g.player.column is not None}

    def asked(self, person: Person) -> Asked:
        """A scorer whose last user is this person, and what has to be said of their attributes."""
        scorer, _ = self._with_row(self._nobody, person)
        return Asked(scorer, scorer.features.n_users - 1, "new", self._model.dataset, self._notes(person))

    def beside(self, person: Person, background: Pairs) -> tuple[Asked, Pairs]:
        """The same with the users of a background before the new one, and the background's rows among them."""
        users, place = np.unique(background.users, return_inverse=True)
        scorer, frame = self._with_row(self._few(tuple(users.tolist())), person)
        asked = Asked(scorer, len(users), "new", self._dataset_of(users, frame, person), self._notes(person))
        return asked, replace(background, users=place.astype(np.int64))

    def _with_row(self, few: Scorer, person: Person) -> tuple[Scorer, pd.DataFrame]:
        frame = pd.DataFrame({"user_id": [self._free_id(few)]} | self._cells(person))
        features = with_encoded_rows(few.features, "user", frame, self._encode)
        return few.with_features(features, edited={}), frame

    def _cells(self, person: Person) -> dict[str, list]:
        return {stored_name(name): [cell] for name, cell in person.attributes.items() if name in self._groups}

    def _make_few(self, users: tuple[int, ...]) -> Scorer:
        return self._scorer.take(np.array(users, dtype=np.int64))

    @staticmethod
    def _free_id(few: Scorer) -> str:
        new = NEW
        while new in few.features.ids["user"]:
            new += "*"
        return new

    def _dataset_of(self, users: np.ndarray, frame: pd.DataFrame, person: Person) -> Dataset:
        """The dataset with these users and the new one alone, for whoever reads cells by row."""
        dataset = self._model.dataset
        row = frame.assign(user_id=person.user_id or NEW)
        rows = pd.concat([dataset.users.iloc[users], row.reindex(columns=dataset.users.columns)], ignore_index=True)
        return replace(dataset, users=rows, interactions=dataset.interactions.iloc[:0], segments={})

    def _notes(self, person: Person) -> tuple[Phrase, ...]:
        said = ((self._groups.get(name), name, cell) for name, cell in person.attributes.items())
        return tuple(
            phrase("live.note.value", column=name, value=value)
            for group, name, cell in said
            if group is not None
            for value in unread(group, cell)
        )


def unread(group: FeatureGroup, cell: object) -> list[str]:
    """Parts of a cell that the model has no value for."""
    if group.kind not in ("category", "set"):
        return []
    parts = str(cell).split("|") if group.kind == "set" else [str(cell)]
    return [part for part in parts if part and part not in group.values]
