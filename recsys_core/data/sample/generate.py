"""Draw a domain's people, items and logged impressions from one seed."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from recsys_core.data.sample.domain import Domain, Recording
from recsys_core.data.sample.people import draw_people
from recsys_core.data.sample.truth import SLOPE_PLAYER, PlantedLogit, PlantedTruth, encode
from recsys_core.data.split import TRAIN, part_by_user
from recsys_core.metrics import logistic

START = 1_735_689_600  # 2025-01-01, unix seconds
YEAR_DAYS = 365
HOURS = np.array([1, 1, 1, 1, 1, 2, 4, 7, 8, 8, 8, 9, 11, 10, 8, 8, 9, 11, 13, 15, 16, 14, 9, 4], dtype=float)
IMPRESSIONS_A_VISIT = 7


@dataclass(frozen=True, slots=True)
class SampleSize:
    """How much is drawn. ``impressions`` is the mean a user; single users vary as a gamma of shape 6."""

    n_users: int = 2000
    n_items: int = 1000
    impressions: int = 80
    fewest: int = 20


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Tables as they are written, and the truth behind them.

    ``log`` has ``user`` and ``item`` (row numbers), ``time``, ``outcome`` (as recorded), ``propensity``,
    ``taken`` (as it was) and the planted ``logit`` at that moment, in order of user, then time.
    """

    users: pd.DataFrame
    items: pd.DataFrame
    log: pd.DataFrame
    truth: PlantedTruth


def draw_sample(domain: Domain, seed: int, size: SampleSize = SampleSize()) -> Sample:
    """People are the same in every domain; all else has the domain's own random stream."""
    users = draw_people(seed, size.n_users)
    rng = np.random.default_rng([seed, 1, zlib.crc32(domain.name.encode())])
    interests = [c.name for c in domain.categories]
    users["interest"] = rng.choice(np.array(interests, dtype=object), size.n_users)
    items = draw_items(domain, rng, size.n_items)
    truth = plant(domain, users, items)
    log = draw_log(truth, domain.policy, rng, size)
    log["outcome"] = log["taken"]
    if domain.recording is not None:
        lost = draw_lost(domain.recording, users, items, log, seed=seed)
        log["outcome"] = log["taken"] & ~lost
        truth = replace(truth, unrecorded=log.loc[lost, ["user", "item"]].to_numpy())
    return Sample(users, items, log, truth)


def draw_lost(
    recording: Recording, users: pd.DataFrame, items: pd.DataFrame, log: pd.DataFrame, *, seed: int
) -> np.ndarray:
    """Which rows of the log were taken and not recorded; never a row of what a model is validated or tested on."""
    rng = np.random.default_rng([seed, 3])
    user, item = log["user"].to_numpy(), log["item"].to_numpy()
    inside = (users[recording.column.partition(".")[2]] == recording.value).to_numpy()[user]
    concerned = items["category"].isin(recording.categories).to_numpy()[item]
    before = part_by_user(user, np.arange(len(user))) == TRAIN
    return log["taken"].to_numpy() & inside & concerned & before & (rng.random(len(log)) < recording.share)


def draw_items(domain: Domain, rng: np.random.Generator, n_items: int) -> pd.DataFrame:
    """Items with distinct titles: each title is one fitting word and one noun."""
    possible = [
        (category, word, noun, typical)
        for category in domain.categories
        for line in category.lines
        for word in line.words
        for noun, typical in line.nouns
    ]
    chosen = [possible[i] for i in rng.permutation(len(possible))[:n_items]]
    if len(chosen) < n_items:
        raise ValueError(f"{domain.name} has words for {len(possible)} titles, not for {n_items}")
    typical = np.array([c[3] for c in chosen])
    return pd.DataFrame(
        {
            "item_id": np.arange(1, n_items + 1),
            "title": [_title(domain.title_form, word, noun) for _, word, noun, _ in chosen],
            "category": [c[0].name for c in chosen],
            domain.amount.name: _amounts(domain, rng, typical),
            domain.maker.name: [str(rng.choice(c[0].makers)) for c in chosen],
            domain.quality.name: np.clip(rng.normal(4.0, 0.5, n_items), 1.5, 5).round(1),
            domain.decoy.name: rng.choice(np.array(domain.decoy_levels, dtype=object), n_items),
        }
    )


def plant(domain: Domain, users: pd.DataFrame, items: pd.DataFrame) -> PlantedTruth:
    """The domain's preference function; its threshold is set on these users and items."""
    function = PlantedLogit(
        players=domain.players,
        levels=domain.levels,
        effects=domain.effects,
        slopes=domain.slopes,
        steepness=domain.steepness,
        threshold=0.0,
        history_length=domain.history_length,
    )
    columns = encode(function, users, items)
    values = {p: c[:, None] if p.startswith("user") else c[None] for p, c in columns.items()}
    nothing_yet = {"history": np.zeros((1, 1, function.n_categories), dtype=np.int64)}
    suitability = function.suitability(values | nothing_yet)
    threshold = round(float(np.quantile(suitability, 1 - domain.suitable)), 4)
    return PlantedTruth(replace(function, threshold=threshold), columns, {})


def draw_log(truth: PlantedTruth, policy: float, rng: np.random.Generator, size: SampleSize) -> pd.DataFrame:
    """Impressions step by step: what a user took so far moves what is shown and taken next."""
    wanted = np.maximum(size.fewest, rng.gamma(6, size.impressions / 6, size.n_users).round().astype(int))
    wanted = np.minimum(wanted, truth.n_items // 2)
    viewers = _Viewers(truth, policy, size.n_users)
    steps = [viewers.step(np.flatnonzero(wanted > n), rng) for n in range(wanted.max())]
    log = pd.concat(steps, ignore_index=True).sort_values("user", kind="stable", ignore_index=True)
    log.insert(2, "time", np.concatenate([_times(rng, n) for n in wanted]))
    return log


class _Viewers:
    """All users' state while impressions are drawn: what was shown, and what was taken lately."""

    def __init__(self, truth: PlantedTruth, policy: float, n_users: int) -> None:
        self._history = _History(n_users, truth.function.n_categories, truth.function.history_length)
        self._category = truth.item_category
        self._region = truth.columns.get(SLOPE_PLAYER, np.zeros(n_users, dtype=np.int64))  # absent: all have one slope
        self._start = truth.catalogue_logit(np.arange(n_users), self._history.counts)
        self._pull, self._policy = _pull_by_count(truth), policy
        self._weight = np.exp(policy * self._start)  # before any history; 0 once an item was shown

    def step(self, user: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
        """One impression for each of these users."""
        pull = self._pull[self._region[user][:, None], self._history.counts[user]]
        weight = self._weight[user] * np.exp(self._policy * pull)[:, self._category]
        item, propensity = _draw(rng, weight)
        self._weight[user, item] = 0.0
        category = self._category[item]
        logit = self._start[user, item] + pull[np.arange(len(user)), category]
        taken = rng.random(len(user)) < logistic(logit)
        self._history.take(user[taken], category[taken])
        columns = {"user": user, "item": item, "taken": taken}
        return pd.DataFrame(columns | {"propensity": propensity, "logit": logit})


class _History:
    """Category counts of each user's last ``length`` items taken, kept up to date item by item."""

    def __init__(self, n_users: int, n_categories: int, length: int) -> None:
        self.counts = np.zeros((n_users, n_categories), dtype=np.int64)
        self._recent = np.zeros((n_users, length), dtype=np.int64)
        self._n_taken = np.zeros(n_users, dtype=np.int64)

    def take(self, user: np.ndarray, category: np.ndarray) -> None:
        """Each user at most once."""
        slot = self._n_taken[user] % self._recent.shape[1]
        full = self._n_taken[user] >= self._recent.shape[1]
        self.counts[user[full], self._recent[user[full], slot[full]]] -= 1
        self._recent[user, slot] = category
        self.counts[user, category] += 1
        self._n_taken[user] += 1


def _pull_by_count(truth: PlantedTruth) -> np.ndarray:
    """What the history adds to a logit, by the region's code and the count of the item's category."""
    function = truth.function
    pulls = [e for e in function.effects if "history" in e.players]
    count = np.arange(function.history_length + 1)
    only = {"history": count[:, None], "item.category": np.zeros(len(count), dtype=int)}
    slope = np.array(list(function.slopes.values()))
    return slope[:, None] * function.steepness * sum(e(only) for e in pulls)


def _draw(rng: np.random.Generator, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One item a row with probability proportional to ``weight``, and that probability."""
    running = weight.cumsum(axis=1)
    total = running[:, -1]
    item = (running <= (rng.random(len(weight)) * total)[:, None]).sum(axis=1)
    return item, weight[np.arange(len(item)), item] / total


def _times(rng: np.random.Generator, n: int) -> np.ndarray:
    """n increasing unix seconds in visits over a year, none twice."""
    n_visits = max(1, n // IMPRESSIONS_A_VISIT)
    day = rng.integers(0, YEAR_DAYS, n_visits)
    hour = rng.choice(24, n_visits, p=HOURS / HOURS.sum())
    visit = START + 86_400 * day + 3600 * hour + rng.integers(0, 3000, n_visits)
    within = rng.integers(5, 900, n)
    return np.sort(visit[rng.integers(0, n_visits, n)] + within) + np.arange(n)


def _title(form: str, word: str, noun: str) -> str:
    title = form.format(word=word, noun=noun)
    return title[0].upper() + title[1:]


def _amounts(domain: Domain, rng: np.random.Generator, typical: np.ndarray) -> np.ndarray:
    """Amounts round the typical one, printed as the domain prints them (``89.9``)."""
    exact = typical * np.exp(rng.normal(0, domain.amount_spread, len(typical)))
    return np.maximum(1, np.floor(exact)) + rng.choice(domain.amount_endings, len(typical))
