"""Profile: what a person wants to know of a dataset at a glance, and of one user."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from recsys_core.data.dataset import Dataset
from recsys_core.data.history import Histories
from recsys_core.data.schema import stored_name
from recsys_core.metrics import HEAD_SHARE, sorted_once

MOST_PERIODS = 60
POINTS = 200


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """A dataset in figures.

    Attributes
    ----------
    density
        Share of all user-item pairs with an interaction.
    first_time, last_time
        Unix seconds; None where there are no times.
    periods
        ``start`` (datetime) and ``n`` interactions, by month, or by week or day where the span is short.
    head_share
        Share of the interactions that the most popular fifth of the items holds.
    tail
        ``item_share`` (0 to 1, most popular first) and ``interactions`` of the item at that place.
    """

    n_users: int
    n_items: int
    n_interactions: int
    density: float
    first_time: int | None
    last_time: int | None
    periods: pd.DataFrame
    head_share: float
    tail: pd.DataFrame


def profile(dataset: Dataset) -> Profile:
    """Work out the figures of a dataset."""
    frame = dataset.interactions
    has_time = dataset.schema.has_time and len(frame) > 0
    pairs = frame["user_index"].to_numpy(np.int64) * dataset.n_items + frame["item_index"].to_numpy()
    popularity = np.sort(np.bincount(frame["item_index"], minlength=dataset.n_items))[::-1]
    n_head = max(1, round(HEAD_SHARE * dataset.n_items))
    at = np.unique(np.linspace(0, dataset.n_items - 1, POINTS).astype(int))
    return Profile(
        n_users=dataset.n_users,
        n_items=dataset.n_items,
        n_interactions=len(frame),
        density=len(sorted_once(pairs)) / max(1, dataset.n_users * dataset.n_items),
        first_time=int(frame["time"].min()) if has_time else None,
        last_time=int(frame["time"].max()) if has_time else None,
        periods=_periods(frame["time"]) if has_time else pd.DataFrame({"start": [], "n": []}),
        head_share=float(popularity[:n_head].sum() / max(1, popularity.sum())),
        tail=pd.DataFrame({"item_share": (at + 1) / dataset.n_items, "interactions": popularity[at]}),
    )


def _periods(time: pd.Series) -> pd.DataFrame:
    """Interactions a day, week or month, whichever gives the most bars up to 60 (else years)."""
    moments = pd.Series(pd.to_datetime(time.to_numpy(), unit="s"))
    for unit in ("D", "W", "M", "Y"):
        counted = moments.dt.to_period(unit).value_counts().sort_index()
        if len(counted) <= MOST_PERIODS:
            break
    return pd.DataFrame({"start": counted.index.start_time, "n": counted.to_numpy()})


def group_sizes(dataset: Dataset, column: str, *, most: int = 12) -> pd.DataFrame:
    """``group`` and ``n`` users of a user column: categories by size, ordered ones in order, numbers in five ranges.

    Categories beyond the ``most`` largest are one row with an empty name.
    """
    cells, about = dataset.users[stored_name(column)], dataset.schema.user_column(column)
    if about is not None and about.kind == "number":
        return _ranges(pd.to_numeric(cells, errors="coerce").dropna())
    counted = cells.dropna().astype(str).value_counts()
    if about is not None and about.kind == "ordered":
        counted = counted.reindex([v for v in about.levels if v in counted.index])
    rows = pd.DataFrame({"group": counted.index.astype(str), "n": counted.to_numpy()})
    if len(rows) <= most:
        return rows
    rest = pd.DataFrame({"group": [""], "n": [int(rows["n"][most - 1 :].sum())]})
    return pd.concat([rows[: most - 1], rest], ignore_index=True)


def _ranges(numbers: pd.Series) -> pd.DataFrame:
    if numbers.empty:
        return pd.DataFrame({"group": pd.Series(dtype="str"), "n": pd.Series(dtype="int64")})
    edges = np.unique(np.round(np.quantile(numbers, np.linspace(0, 1, 6)), 6))
    if len(edges) < 3:
        counted = numbers.value_counts().sort_index()
        return pd.DataFrame({"group": [f"{v:g}" for v in counted.index], "n": counted.to_numpy()})
    place = np.clip(np.searchsorted(edges, numbers, side="right") - 1, 0, len(edges) - 2)
    names = [f"{low:g}–{high:g}" for low, high in pairwise(edges)]
    return pd.DataFrame({"group": names, "n": np.bincount(place, minlength=len(names))})


def user_history(dataset: Dataset, histories: Histories, user_index: int) -> pd.DataFrame:
    """What a user's list was made from: ``item_index`` and ``time`` (0 where unknown), newest first.

    The items are exactly the standing history that a recommendation sees.
    """
    items = histories.users(np.array([user_index]), "test")[0]
    items = items[items >= 0].astype(np.int64)
    rows = histories.rows_of(user_index)
    rows = rows[histories.positive[rows] & (histories.part[rows] >= 0) & (histories.part[rows] <= 1)]
    rows = rows[np.argsort(histories.order[rows])]
    times = dataset.interactions["time"].to_numpy()[rows]
    newest = dict(zip(histories.item[rows].tolist(), times.tolist(), strict=True))
    return pd.DataFrame({"item_index": items, "time": [newest.get(i, 0) for i in items.tolist()]})
