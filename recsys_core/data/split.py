"""Split: which interactions are learned from, which choose the settings, and which are the test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys_core.data.dataset import Dataset
from recsys_core.data.order import by_group, by_rank, by_time
from recsys_core.data.schema import Schema
from recsys_core.errors import DataError, SettingError, phrase, require

TASKS = ("implicit", "like", "rating")
KINDS = ("time", "random", "cutoff")
LEAST_LABELLED = 10
LEAST_PER_USER = 3  # a row to learn from, one to choose by, one to be tested on
FIVE_STARS = 5.0
TRAIN, VALIDATION, TEST = 0, 1, 2


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Rows of ``dataset.interactions`` in three parts that share none.

    Attributes
    ----------
    kind
        ``time``, ``random`` or ``cutoff``; ``random`` where the dataset has no times.
    train, validation, test
        Row numbers (int64), ascending; together all labelled rows.
    label
        float32, one an interaction: 1 or 0 (``implicit``: 1 only), the rating itself for task
        ``rating``; NaN where the row has no label and is in no part.
    order
        int64, one an interaction: its rank by (time, a seeded draw); sorting by (user, order)
        gives each user's sequence. Under ``random``: by (part, a seeded draw), time plays no role.
    n_test_users, n_known_test_users
        Users with a test row, and those of them with a training row.
    """

    task: str
    kind: str
    seed: int
    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    label: np.ndarray
    order: np.ndarray
    n_test_users: int
    n_known_test_users: int

    def __post_init__(self) -> None:
        if sum(map(len, (self.train, self.validation, self.test))) != np.count_nonzero(~np.isnan(self.label)):
            raise ValueError("the parts must hold every labelled row once")


def make_split(dataset: Dataset, *, task: str, kind: str = "time", seed: int, fraction: float = 0.1) -> Split:
    """Label the interactions for ``task`` and part them.

    Parameters
    ----------
    task
        ``implicit``: ratings of 3 stars and more, clicks, taken items, all with label 1.
        ``like``: ratings of 4 stars and more against 2 and fewer, or clicks against non-clicks.
        ``rating``: the rating. Scales that do not end at 5 are stretched to 1-5 for the stars.
    kind
        ``time``: of each user with 3 rows or more, the last ``fraction`` (one row at least) is the
        test and as much before it the validation. ``random``: 8:1:1 over all rows. ``cutoff``: two
        dates for all users, so that the later rows are the test; equal dates stay together.
    seed
        Puts equal times in order, and draws the rows of ``random``. The draw goes by the row's
        number, so appended rows leave the order of the others alone.
    fraction
        Share of the test part, and of the validation part; above 0, at most a third.

    Raises
    ------
    SettingError
        ``setting.task`` for a task that the outcome cannot serve, ``setting.choice``, ``setting.between``.
    DataError
        ``table.too_few`` below 10 labelled rows, ``table.one_class`` where ``like`` finds one class,
        ``split.empty`` where a part would be empty.
    """
    _check_settings(dataset.schema, task, kind, fraction)
    label = label_interactions(dataset, task)
    kind = possible_kind(dataset.schema, kind)
    order = order_interactions(dataset, seed, in_time=kind != "random")
    rows = np.flatnonzero(~np.isnan(label))
    _check_labels(label[rows], task)
    if kind == "time":
        part = part_by_user(dataset.interactions["user_index"].to_numpy()[rows], order[rows], fraction)
    elif kind == "cutoff":
        part = _part_by_date(dataset.interactions["time"].to_numpy()[rows], fraction)
    else:
        part = _part_at_random(len(rows), fraction, seed)
        order = _order_by_part(rows, part, order)
    return _make(dataset, task, kind, seed, [rows[part == i] for i in range(3)], label, order)


def possible_kind(schema: Schema, kind: str) -> str:
    """The kind of split that these data allow: ``random`` where interactions carry no times."""
    return kind if schema.has_time else "random"


def possible_tasks(schema: Schema) -> tuple[str, ...]:
    """The tasks that the outcome can serve."""
    return {"rating": TASKS, "click": ("implicit", "like"), "taken": ("implicit",)}[schema.outcome]


def _check_settings(schema: Schema, task: str, kind: str, fraction: float) -> None:
    for name, value, choices in (("task", task, TASKS), ("split", kind, KINDS)):
        if value not in choices:
            raise SettingError("setting.choice", name=name, choices=", ".join(choices), value=value)
    if not 0 < fraction <= 1 / 3:
        raise SettingError("setting.between", name="fraction", low=0, high="1/3", value=fraction)
    fit = possible_tasks(schema)
    if task not in fit:
        raise SettingError("setting.task", outcome=phrase(f"outcome.{schema.outcome}"), task=task, use=" / ".join(fit))


def label_interactions(dataset: Dataset, task: str) -> np.ndarray:
    """What each interaction teaches for ``task`` (float32, NaN = nothing), see `make_split`."""
    return label_values(dataset.interactions["value"].to_numpy(np.float32), dataset.schema, task)


def label_values(value: np.ndarray, schema: Schema, task: str) -> np.ndarray:
    """The same of values ``(n,)`` float32 alone, whosever they are: a row's of the table, or an event's outcome."""
    if task == "rating" or (task == "like" and schema.outcome == "click"):
        return value.copy()
    if schema.outcome != "rating":
        return np.where(value > 0, np.float32(1), np.float32(np.nan))
    stars, positive_from = stars_of(value, schema), schema.positive_from
    if task == "implicit":  # what was met and not rated was taken as well
        taken = (stars >= 3 if positive_from is None else value >= positive_from) | np.isnan(value)
        return np.where(taken, np.float32(1), np.float32(np.nan))
    liked, disliked = (
        (stars >= 4, stars <= 2) if positive_from is None else (value >= positive_from, value < positive_from)
    )
    return np.select([liked, disliked], [np.float32(1), np.float32(0)], np.float32(np.nan))


def least_positive(schema: Schema, task: str = "implicit") -> float:
    """The rating from which a row is a positive: ``positive_from``, else 3 stars (``implicit``) or 4 (``like``).

    >>> least_positive(Schema((), (), "rating", low=0, high=100)), least_positive(Schema((), (), "rating"), "like")
    (50.0, 4.0)
    """
    if schema.positive_from is not None:
        return schema.positive_from
    stars = 3.0 if task == "implicit" else 4.0
    return stars if schema.high == FIVE_STARS else schema.low + (schema.high - schema.low) * (stars - 1) / 4


def stars_of(value: np.ndarray, schema: Schema) -> np.ndarray:
    """Ratings in stars: themselves where the scale ends at 5, else stretched to 1-5.

    >>> stars_of(np.array([0, 50, 100]), Schema((), (), "rating", low=0, high=100)).tolist()
    [1.0, 3.0, 5.0]
    """
    if schema.high == FIVE_STARS:
        return value
    return 1 + 4 * (value - schema.low) / (schema.high - schema.low)


def order_interactions(dataset: Dataset, seed: int, *, in_time: bool = True) -> np.ndarray:
    """Rank of each interaction by time, ties in a seeded order (int64); without time the seeded order alone."""
    n = dataset.n_interactions
    draw = np.random.default_rng(seed).random(n)
    if in_time:
        sequence = by_time(dataset.interactions["time"].to_numpy(), [draw])
    else:
        sequence = np.argsort(draw, kind="stable")
    order = np.empty(n, dtype=np.int64)
    order[sequence] = np.arange(n)
    return order


def _check_labels(labels: np.ndarray, task: str) -> None:
    counts = {"count": len(labels), "least": LEAST_LABELLED}
    require(len(labels) >= LEAST_LABELLED, DataError, "table.too_few", file="interactions", **counts)
    classes = np.unique(labels)
    one = task == "like" and len(classes) == 1
    require(not one, DataError, "table.one_class", file="interactions", column="value", value=f"{classes[0]:g}")


def part_by_user(user: np.ndarray, order: np.ndarray, fraction: float = 0.1) -> np.ndarray:
    """``TRAIN``, ``VALIDATION`` or ``TEST`` for each row ``(n,)``, from the end of each user's sequence.

    ``order`` holds different ranks from 0 upwards.
    Test is the last ``max(1, round(fraction * n_rows))`` of a user's rows by ``order``, validation as many
    before it, fewer where a user with at least 3 rows has not enough to learn from; with less, all is training.

    >>> part_by_user(np.array([0, 0, 0, 1]), np.array([2, 1, 0, 3])).tolist()
    [2, 1, 0, 0]
    """
    sequence = by_rank(order, int(order.max(initial=-1)) + 1)
    sequence = sequence[by_group(user[sequence], int(user.max(initial=-1)) + 1)]
    n_rows = np.bincount(user)
    n_rows = n_rows[n_rows > 0]
    first = np.cumsum(n_rows) - n_rows
    n_test = np.maximum(1, np.rint(fraction * n_rows)).astype(np.int64)
    n_test = np.where(n_rows >= LEAST_PER_USER, np.minimum(n_test, (n_rows - 1) // 2), 0)
    from_end = np.repeat(first + n_rows, n_rows) - 1 - np.arange(len(user))
    held = np.repeat(n_test, n_rows)
    part = np.empty(len(user), dtype=np.int8)
    part[sequence] = np.select([from_end < held, from_end < 2 * held], [TEST, VALIDATION], TRAIN)
    return part


def _part_by_date(time: np.ndarray, fraction: float) -> np.ndarray:
    validation_from, test_from = np.quantile(time, [1 - 2 * fraction, 1 - fraction], method="lower")
    return np.select([time > test_from, time > validation_from], [TEST, VALIDATION], TRAIN)


def _part_at_random(n_rows: int, fraction: float, seed: int) -> np.ndarray:
    n_test = max(1, round(fraction * n_rows))
    part = np.zeros(n_rows, dtype=np.int8)
    part[:n_test], part[n_test : 2 * n_test] = TEST, VALIDATION
    return np.random.default_rng([seed, 1]).permutation(part)  # a stream apart from that of the order


def _order_by_part(rows: np.ndarray, part: np.ndarray, draw: np.ndarray) -> np.ndarray:
    """Under a random split time plays no role: training rows come first in a drawn order, then validation, test.

    So the history of a training row is a random share of the user's other training rows, as
    that of a test row is of all of them, and no held-out row lies before a training row.
    """
    part_of = np.zeros(len(draw), dtype=np.int8)
    part_of[rows] = part
    order = np.empty(len(draw), dtype=np.int64)
    sequence = by_rank(draw, len(draw))
    order[sequence[by_group(part_of[sequence], 3)]] = np.arange(len(draw))
    return order


def _make(
    dataset: Dataset, task: str, kind: str, seed: int, parts: list[np.ndarray], label: np.ndarray, order: np.ndarray
) -> Split:
    train, validation, test = parts
    for name, rows in (("train", train), ("validation", validation), ("test", test)):
        reason = phrase("reason.few_users" if kind == "time" else "reason.equal_dates")
        require(len(rows) > 0, DataError, "split.empty", part=phrase(f"part.{name}"), reason=reason)
    user = dataset.interactions["user_index"].to_numpy()
    train_users, test_users = np.unique(user[train]), np.unique(user[test])
    n_known = int(np.isin(test_users, train_users).sum())
    return Split(task, kind, seed, train, validation, test, label, order, len(test_users), n_known)
