"""The planted truth: the written-down preference function, and the people and items it speaks about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from recsys_core.data.folder import read_checked_json
from recsys_core.data.sample.effects import Effect, Values, effect_from_json, effect_to_json
from recsys_core.errors import DataError, phrase
from recsys_core.metrics import logistic

FORMAT = "reclens-truth-1"
FORMULA = "steepness * (sum of effects) - threshold"
SLOPE_PLAYER = "user.region"
NOTHING = np.zeros((0, 2), dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class PlantedLogit:
    """``slopes[region] * (steepness * sum of effects - threshold)``.

    Attributes
    ----------
    players
        The feature groups, in the order that every attribution of this truth has.
    levels
        For coded players the meaning of code 0, 1, …; for ``item.title`` the planted words.
    threshold
        Where the steep sum gives a probability of one half, in every region: the same share
        of the catalogue suits everyone, only how closely outcomes follow differs.
    history_length
        How many of the last items taken count.
    """

    players: tuple[str, ...]
    levels: Mapping[str, tuple[str, ...]]
    effects: tuple[Effect, ...]
    slopes: Mapping[str, float]
    steepness: float
    threshold: float
    history_length: int

    def __call__(self, values: Values) -> np.ndarray:
        """Planted logit of coded values; arrays broadcast (see ``effects``)."""
        return self.slope(values) * (self.suitability(values) - self.threshold)

    def slope(self, values: Values) -> np.ndarray:
        """By the region's code; one number where all regions have the same."""
        slopes = np.array(list(self.slopes.values()))
        return slopes[values[SLOPE_PLAYER]] if self.slope_players else slopes[0]

    @property
    def slope_players(self) -> tuple[str, ...]:
        """The player that the slope depends on; none where all regions have the same."""
        return (SLOPE_PLAYER,) if len(set(self.slopes.values())) > 1 else ()

    def suitability(self, values: Values) -> np.ndarray:
        """``steepness * sum of effects``: how well the item suits the user, before slope and threshold."""
        return self.steepness * np.asarray(sum(effect(values) for effect in self.effects))

    @property
    def n_categories(self) -> int:
        return len(self.levels["item.category"])

    @property
    def planted(self) -> tuple[str, ...]:
        """The players that the logit depends on, in the order of ``players``."""
        used = set(self.slope_players).union(*(effect.players for effect in self.effects))
        return tuple(p for p in self.players if p in used)

    @property
    def interactions(self) -> list[dict]:
        """Which players act together, in words; the slope ties its column to every effect."""
        together = [{"players": list(e.players), "says": e.says} for e in self.effects if len(e.players) > 1]
        slope = [
            {"players": [p, "all others"], "says": "the slope multiplies every effect"} for p in self.slope_players
        ]
        return [*together, *slope]

    @property
    def formula(self) -> str:
        return "logit = " + (f"slopes[{SLOPE_PLAYER}] * ({FORMULA})" if self.slope_players else FORMULA)

    def to_json(self) -> dict:
        return {
            "formula": self.formula,
            "steepness": self.steepness,
            "threshold": self.threshold,
            "slopes": dict(self.slopes),
            "effects": [effect_to_json(e) for e in self.effects],
            "history_length": self.history_length,
            "players": list(self.players),
            "levels": {k: list(v) for k, v in self.levels.items()},
        }

    @classmethod
    def from_json(cls, data: dict) -> PlantedLogit:
        plain = {k: data[k] for k in ("steepness", "threshold", "slopes", "history_length")}
        return cls(
            players=tuple(data["players"]),
            levels={k: tuple(v) for k, v in data["levels"].items()},
            effects=tuple(effect_from_json(e) for e in data["effects"]),
            **plain,
        )


@dataclass(frozen=True, slots=True, eq=False)
class PlantedPairs:
    """User-item pairs with the user's state: rows ``user`` (n,) and ``item`` (n,), ``history`` (n, n_categories).

    ``history`` counts the categories of the last ``history_length`` items taken.
    """

    user: np.ndarray
    item: np.ndarray
    history: np.ndarray

    def __len__(self) -> int:
        return len(self.user)

    def __getitem__(self, rows: slice | np.ndarray) -> PlantedPairs:
        return PlantedPairs(self.user[rows], self.item[rows], self.history[rows])


@dataclass(frozen=True, slots=True, eq=False)
class PlantedTruth:
    """A planted logit together with coded tables; row numbers are ``user_index`` and ``item_index``.

    Attributes
    ----------
    function
        The planted logit.
    columns
        One coded array a player: over users for ``user.*``, over items for ``item.*``.
    about
        Everything else that ``truth.json`` says: ``importance``, ``best_auc``, …
    unrecorded
        ``(n, 2)`` rows of user and item: taken, yet recorded as not taken (``about["unrecorded"]``).
    """

    function: PlantedLogit
    columns: Mapping[str, np.ndarray]
    about: Mapping[str, Any]
    unrecorded: np.ndarray = field(default_factory=lambda: NOTHING)

    @classmethod
    def load(cls, folder: Path) -> PlantedTruth:
        """Read a sample folder: ``truth.json``, ``users.csv`` and ``items.csv``.

        Raises ``DataError`` or ``WorkspaceError`` where ``truth.json`` is damaged or foreign.
        """
        folder = Path(folder)
        about = read_checked_json(folder / "truth.json", FORMAT, "dataset")
        return cls.from_tables(about, pd.read_csv(folder / "users.csv"), pd.read_csv(folder / "items.csv"))

    @classmethod
    def from_tables(cls, about: dict, users: pd.DataFrame, items: pd.DataFrame) -> PlantedTruth:
        """The same from a parsed ``truth.json`` and any tables with the sample's columns (a ``Dataset``'s)."""
        function = PlantedLogit.from_json(about["function"])
        unrecorded = _pair_rows(about.get("unrecorded", {}), users["user_id"], items["item_id"])
        return cls(function, encode(function, users, items), about, unrecorded)

    @property
    def n_items(self) -> int:
        return len(self.columns["item.category"])

    @property
    def item_category(self) -> np.ndarray:
        """Category code by item row."""
        return self.columns["item.category"]

    @property
    def best_by_group(self) -> dict[str, dict[str, float]]:
        """What no model can beat on the sample's test part: ``n_users``, ``ndcg@10`` and ``auc`` by group.

        Groups are the values of the under-served column.
        """
        return self.about["best_by_group"]

    def taken(self, user: np.ndarray, item: np.ndarray, recorded: np.ndarray) -> np.ndarray:
        """Whether each logged pair ``(n,)`` was taken in truth; ``recorded`` is what the log says."""
        place = np.asarray(user, dtype=np.int64) * self.n_items + item
        lost = self.unrecorded[:, 0] * self.n_items + self.unrecorded[:, 1]
        return np.asarray(recorded, dtype=bool) | np.isin(place, lost)

    def history_counts(self, histories: Iterable[Sequence[int]]) -> np.ndarray:
        """Item rows taken, newest first, one list a row, as counts ``(n, n_categories)``."""
        recent = [self.item_category[list(h)[: self.function.history_length]] for h in histories]
        counts = [np.bincount(c, minlength=self.function.n_categories) for c in recent]
        return np.array(counts, dtype=np.int64).reshape(-1, self.function.n_categories)

    def pairs(self, user: np.ndarray, item: np.ndarray, histories: Iterable[Sequence[int]]) -> PlantedPairs:
        """PlantedPairs from row numbers and each user's items taken, newest first."""
        return PlantedPairs(np.asarray(user), np.asarray(item), self.history_counts(histories))

    def values(self, pairs: PlantedPairs) -> dict[str, np.ndarray]:
        """What each player holds in each pair, coded."""
        rows = {"user": pairs.user, "item": pairs.item}
        coded = {p: column[rows[p.split(".")[0]]] for p, column in self.columns.items()}
        return coded | {"history": pairs.history}

    def logit(self, user: np.ndarray, item: np.ndarray, history: np.ndarray) -> np.ndarray:
        """Planted logit (n,) of pairs; ``history`` (n, n_categories) from ``history_counts``."""
        return self.function(self.values(PlantedPairs(np.asarray(user), np.asarray(item), np.asarray(history))))

    def probabilities(self, user: np.ndarray, item: np.ndarray, history: np.ndarray) -> np.ndarray:
        """Planted probability (n,) that the item is taken."""
        return logistic(self.logit(user, item, history))

    def catalogue_logit(self, user: np.ndarray, history: np.ndarray) -> np.ndarray:
        """Planted logit (n, n_items) of every item for each user row, in the given states."""
        every = np.arange(self.n_items)[None]
        return self.logit(np.asarray(user)[:, None], every, np.asarray(history)[:, None])


def encode(function: PlantedLogit, users: pd.DataFrame, items: pd.DataFrame) -> dict[str, np.ndarray]:
    """One array a planted column: codes where the player has levels, else numbers.

    Columns without effect stay out: the logit cannot read them.
    """
    tables = {"user": users, "item": items}
    coded = {}
    for player in function.planted:
        side, _, name = player.partition(".")
        if side in tables:
            coded[player] = _codes(player, tables[side][name], function.levels)
    return coded


def recent_counts(
    user: np.ndarray, category: np.ndarray, taken: np.ndarray, n_categories: int, length: int
) -> np.ndarray:
    """Category counts (n, n_categories) of each row's last ``length`` items taken strictly earlier.

    Rows must be in order of user, then time.
    """
    where = np.flatnonzero(taken)
    running = np.zeros((len(where) + 1, n_categories), dtype=np.int64)
    running[np.arange(1, len(where) + 1), category[where]] = 1
    running = running.cumsum(axis=0)
    before = np.concatenate([[0], np.cumsum(taken)]).astype(np.int64)  # taken before each row, all users together
    first = np.searchsorted(user, user, side="left")
    return running[before[:-1]] - running[np.maximum(before[:-1] - length, before[first])]


def _pair_rows(by_user: Mapping[str, Sequence[int]], user_ids: pd.Series, item_ids: pd.Series) -> np.ndarray:
    """Row numbers ``(n, 2)`` of raw ids, ``{user_id: [item_id, …]}``; ids that the tables lack are left out."""
    user_row, item_row = ({str(raw): row for row, raw in enumerate(ids)} for ids in (user_ids, item_ids))
    pairs = [(user_row.get(u), item_row.get(str(i))) for u, items in by_user.items() for i in items]
    return np.array([p for p in pairs if None not in p], dtype=np.int64).reshape(-1, 2)


def _codes(player: str, column: pd.Series, levels: Mapping[str, tuple[str, ...]]) -> np.ndarray:
    if player not in levels:
        return column.to_numpy(dtype=float)
    code = {level: i for i, level in enumerate(levels[player])}
    known = [_planted_word(title, code) for title in column] if player == "item.title" else column
    unknown = [value for value in known if value not in code]
    if unknown:
        reason = phrase("reason.truth", column=player, value=unknown[0])
        raise DataError("table.unreadable", file=player.split(".")[0] + "s", reason=reason)
    return np.array([code[value] for value in known], dtype=np.int64)


def _planted_word(title: str, words: Mapping[str, int]) -> str:
    """The one planted word in a title, or the title itself where there is none."""
    return next((w for w in re.findall(r"[\w'-]+", title.lower()) if w in words), title)
