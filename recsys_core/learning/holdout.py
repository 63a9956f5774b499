"""Holdouts: what candidates gain on rows that nobody was fitted to, in all and by group, with one-sided bounds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import t as student

from recsys_core.fairness.columns import groupable_columns
from recsys_core.fairness.groups import make_grouping
from recsys_core.models.split_dataset import LabelledPairs, SplitDataset
from recsys_core.results.learning import Gain, GroupGain
from recsys_core.seeds import random_stream

N_DRAWS = 1000
CELLS = 4_000_000  # counts of drawn users that are held at once
LEAST_GROUP = 20  # users; smaller groups are pooled
MOST_COLUMNS = 12
OTHERS = ""  # name of the pooled ones


@dataclass(frozen=True, slots=True, eq=False)
class UserGroups:
    """A column of users: its name, what its groups are called, and each user's group ``(n_users,)``."""

    column: str
    labels: tuple[str, ...]
    code: np.ndarray


def user_groups(split_dataset: SplitDataset) -> tuple[UserGroups, ...]:
    """The groups of every column of users, at most 12 columns, sensitive ones first."""
    train, found = split_dataset.sequences(), []
    for column in groupable_columns(split_dataset.dataset, "user")[:MOST_COLUMNS]:
        grouping = make_grouping(split_dataset.dataset, (column,), train=train)
        if len(grouping.groups) > 1:
            found.append(UserGroups(column, grouping.labels, grouping.code))
    return tuple(found)


def cross_entropy(label: np.ndarray, logit: np.ndarray) -> np.ndarray:
    """Log loss of each pair, in nats; a label between 0 and 1 (a rating) counts as that share of a 1.

    So ratings have the same scale: what differs between two models is the difference of their divergence from it.
    """
    label, logit = np.asarray(label, dtype=float), np.asarray(logit, dtype=float)
    return np.logaddexp(0, logit) - label * logit


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """A candidate on a holdout.

    Attributes
    ----------
    overall
        Its gain, bounded.
    groups
        The same by group; of a pool that is small itself the size alone.
    widened
        The largest widening, surely, of a column's gap in log loss between its best and its worst group.
    draws
        ``(n_draws,)``: its gain in each draw of users, the same draws for all candidates.
    known
        What the parent knows: by how much its log loss is below that of the share of positives alone.
    """

    overall: Gain
    groups: tuple[GroupGain, ...]
    widened: Gain | None
    draws: np.ndarray
    known: float = np.inf


@dataclass(frozen=True, slots=True, eq=False)
class Holdout:
    """Labelled pairs with the parent's logits, under a name."""

    name: str
    labelled: LabelledPairs
    logit: np.ndarray
    groups: tuple[UserGroups, ...]
    seed: int

    def measure(self, candidates: Sequence[np.ndarray], *, alpha: float) -> tuple[Measured, ...]:
        """Each candidate, by its logits of the pairs; ``alpha`` is the error rate of each one-sided bound.

        Paired: users are drawn with all that both models say of them (1,000 draws); a bound is the draws' standard
        deviation times Student's quantile, as a quantile of the draws themselves cannot be told at small rates.
        """
        label = self.labelled.label
        users, own = np.unique(self.labelled.pairs.users, return_inverse=True)
        old = cross_entropy(label, self.logit)
        each = [np.ones(len(own)), old, *(old - cross_entropy(label, logit) for logit in candidates)]
        by_user = np.stack([np.bincount(own, weights=values, minlength=len(users)) for values in each], axis=1)
        masks = [_Mask("", "", np.ones(len(users), dtype=bool)), *_masks(self.groups, users)]
        member = np.stack([mask.member for mask in masks], axis=1).astype(float)
        table = (by_user[:, :, None] * member[:, None, :]).reshape(len(users), -1)
        drawn = resampled(table, seed=self.seed).reshape(N_DRAWS, len(each), len(masks))
        whole = table.sum(axis=0).reshape(len(each), len(masks))
        share = float(np.mean(label)) if len(label) else 0.5
        known = float(_entropy(share) - old.mean()) if len(label) else 0.0
        found = (_measured(self.name, masks, whole, drawn, 2 + n, alpha) for n in range(len(candidates)))
        return tuple(replace(of, known=known) for of in found)


@dataclass(frozen=True, slots=True, eq=False)
class _Mask:
    column: str
    label: str
    member: np.ndarray

    @property
    def n_users(self) -> int:
        return int(self.member.sum())


def _masks(groups: Sequence[UserGroups], users: np.ndarray) -> Iterator[_Mask]:
    """Groups of enough of these users, and of each column the others together."""
    for of in groups:
        code = of.code[users]
        size = np.bincount(code, minlength=len(of.labels))
        yield from (_Mask(of.column, of.labels[g], code == g) for g in np.flatnonzero(size >= LEAST_GROUP))
        small = size[code] < LEAST_GROUP
        if small.any():
            yield _Mask(of.column, OTHERS, small)


def _measured(
    name: str, masks: list[_Mask], whole: np.ndarray, drawn: np.ndarray, place: int, alpha: float
) -> Measured:
    with np.errstate(invalid="ignore", divide="ignore"):
        gain, draws = whole[place] / whole[0], drawn[:, place] / drawn[:, 0]
        loss, loss_draws = whole[1] / whole[0] - gain, drawn[:, 1] / drawn[:, 0] - draws
    old, old_draws = loss + gain, loss_draws + draws
    found = [bounded(gain[n], draws[:, n], mask.n_users, int(whole[0, n]), alpha=alpha) for n, mask in enumerate(masks)]
    groups = tuple(
        GroupGain(holdout=name, column=mask.column, group=mask.label, gain=of)
        for mask, of in zip(masks[1:], found[1:], strict=True)
    )
    widened = []
    for column in dict.fromkeys(mask.column for mask in masks[1:]):
        of = [n for n, m in enumerate(masks) if n and m.column == column and m.n_users >= LEAST_GROUP]
        if len(of) > 1:
            change = np.ptp(loss[of]) - np.ptp(old[of])
            change_draws = np.ptp(loss_draws[:, of], axis=1) - np.ptp(old_draws[:, of], axis=1)
            n_users = sum(masks[n].n_users for n in of)
            widened.append(bounded(change, change_draws, n_users, int(whole[0, of].sum()), alpha=alpha))
    most = max(widened, key=lambda of: of.low if of.low is not None else -np.inf, default=None)
    return Measured(found[0], groups, most, draws[:, 0])


def _entropy(share: float) -> float:
    """Log loss of a share of positives that is told to everyone."""
    return float(-sum(p * np.log(p) for p in (share, 1 - share) if p > 0))


def bounded(value: float, draws: np.ndarray, n_users: int, n_rows: int, *, alpha: float) -> Gain:
    """A figure with one-sided bounds, each wrong at the rate ``alpha``; of too few users nothing but their number."""
    if n_users < LEAST_GROUP:
        return Gain(gain=None, low=None, high=None, n_users=n_users, n_rows=n_rows)
    error = float(np.nanstd(draws, ddof=1)) * float(student.ppf(1 - alpha, n_users - 1))
    return Gain(gain=float(value), low=float(value) - error, high=float(value) + error, n_users=n_users, n_rows=n_rows)


def resampled(by_user: np.ndarray, *, seed: int) -> np.ndarray:
    """Sums over ``n`` users drawn from ``n`` ``(n_draws, m)``, of values ``(n, m)``; the same draws for a seed."""
    n = len(by_user)
    random, share = random_stream(seed, "paired bootstrap of users"), np.full(n, 1 / max(1, n))
    size = max(1, min(N_DRAWS, CELLS // max(1, n)))
    parts = [random.multinomial(n, share, min(size, N_DRAWS - k)) @ by_user for k in range(0, N_DRAWS, size)]
    return np.concatenate(parts)
