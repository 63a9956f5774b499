"""Strangers: people whom the dataset does not hold, as rows beside the few that an answer needs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import pandas as pd

from recsys_core.data.dataset import Dataset
from recsys_core.data.features import FeatureGroup, bucket_weights, hat_weights
from recsys_core.data.schema import stored_name
from recsys_core.errors import Phrase, phrase
from recsys_core.live.person import Cell, Person
from recsys_core.models.edited_rows import Encode, with_encoded_rows
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

    The row is there from the start, empty; a new person costs its cells and the projection of this one row, however
    many users the dataset holds.
    """

    def __init__(self, model: TrainedModel, scorer: Scorer) -> None:
        self._model, self._scorer = model, scorer
        self._encode = TextVectors(model.encoder_name) if model.encoder_name else TextVectors()
        self._few = lru_cache(maxsize=8)(self._make_few)
        self._nobody = self._make_few(())
        groups = {str(g.player.column): g for g in scorer.features.side("user") if not g.player.is_id}
        self._cells = {name: _Cells(group) for name, group in groups.items()}

    def asked(self, person: Person) -> Asked:
        """A scorer whose last user is this person, and what has to be said of their attributes."""
        scorer, notes = self._with(self._nobody, person)
        return Asked(scorer, scorer.features.n_users - 1, "new", self._model.dataset, notes)

    def beside(self, person: Person, background: Pairs) -> tuple[Asked, Pairs]:
        """The same with the users of a background before the new one, and the background's rows among them."""
        users, place = np.unique(background.users, return_inverse=True)
        scorer, notes = self._with(self._few(tuple(users.tolist())), person)
        asked = Asked(scorer, len(users), "new", self._dataset_of(users, person), notes)
        return asked, replace(background, users=place.astype(np.int64))

    def _with(self, few: Scorer, person: Person) -> tuple[Scorer, tuple[Phrase, ...]]:
        """The last row with this person's cells, and what the model cannot read of them."""
        encoded, notes = {}, []
        for name, cell in person.attributes.items():
            of = self._cells.get(name)  # None: a column that this model does not read
            if of is not None:
                encoded[of.group.key] = of.encoded(cell, self._encode)
                notes += [phrase("live.note.value", column=name, value=value) for value in of.unread(cell)]
        if not encoded:
            return few, ()
        row = np.array([few.features.n_users - 1])
        return few.with_features(few.features.with_cells(row, encoded), edited={"user": row}), tuple(notes)

    def _make_few(self, users: tuple[int, ...]) -> Scorer:
        few, new = self._scorer.take(np.array(users, dtype=np.int64)), NEW
        while new in few.features.ids["user"]:
            new += "*"
        features = with_encoded_rows(few.features, "user", pd.DataFrame({"user_id": [new]}), self._encode)
        return few.with_features(features, edited={})

    def _dataset_of(self, users: np.ndarray, person: Person) -> Dataset:
        """The dataset with these users and the new one alone, for whoever reads cells by row."""
        dataset = self._model.dataset
        cells = {stored_name(name): [cell] for name, cell in person.attributes.items()}
        row = pd.DataFrame(cells | {"user_id": [person.user_id or NEW]}).reindex(columns=dataset.users.columns)
        rows = pd.concat([dataset.users.iloc[users], row], ignore_index=True)
        return replace(dataset, users=rows, interactions=dataset.interactions.iloc[:0], segments={})


class _Cells:
    """Reads single cells of a feature group as `FeatureGroup.encode` reads columns, in a few microseconds."""

    def __init__(self, group: FeatureGroup) -> None:
        self.group = group
        self._codes = {value: code for code, value in enumerate(group.values, 1)}

    def encoded(self, cell: Cell, encode: Encode) -> np.ndarray:
        """One row ``(1, …)`` of the group's table."""
        group = self.group
        if group.kind == "text":
            return encode([str(cell)])
        if group.kind == "category":
            return np.array([self._codes.get(str(cell), 0)], dtype=np.int64)
        if group.kind == "number":
            number = np.array([cell], dtype=float)
            return bucket_weights(number, group.edges) if group.edges else hat_weights(number, np.array(group.knots))
        return group.encode(pd.Series([cell], dtype=object))

    def unread(self, cell: Cell) -> list[str]:
        """Parts of a cell that the model has no value for."""
        if self.group.kind not in ("category", "set"):
            return []
        parts = str(cell).split("|") if self.group.kind == "set" else [str(cell)]
        return [part for part in parts if part and part not in self._codes]
