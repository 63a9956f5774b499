"""The worst-served subgroups: a search over conditions on up to two user columns, corrected for as a whole."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.sparse import csr_array, vstack

from recsys_core.data.dataset import Dataset
from recsys_core.errors import RecLensError, SettingError
from recsys_core.fairness.bootstrap import interval
from recsys_core.fairness.cohort import DEFAULT_SETTINGS, AuditSettings
from recsys_core.fairness.columns import find_column, groupable_columns
from recsys_core.fairness.metric import HIGHER_IS_BETTER, LOWER_IS_BETTER, RatioMetric
from recsys_core.fairness.metric_inputs import MetricInputs
from recsys_core.fairness.metrics import METRICS
from recsys_core.fairness.resamples import PERMUTATION, ROUNDING, Resamples, pieces, shuffled
from recsys_core.fairness.subgroup_conditions import MetCondition, column_conditions
from recsys_core.fairness.terms import RatioTerms
from recsys_core.progress import Progress, silent
from recsys_core.results import Evaluation
from recsys_core.results.subgroups import Subgroup, SubgroupCondition, SubgroupSearch
from recsys_core.variant import DENSE, ModelVariant

MOST_SEARCHED = 20_000
N_SHOWN = 10
MOST_SHARED = 0.5  # of the users of two subgroups together: what shares more with a worse one is not shown beside it
ROWS_A_BLOCK = 1000
PIECES_FINER = 8  # than elsewhere: the sums of all candidates stand beside the shuffled values


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Different subgroups of the users that have a figure.

    ``members`` is ``(n_candidates, n_users)`` of ones; ``conditions`` are positions of one or two conditions (the
    second -1 where there is one), ``n_found`` how many there are beside those left out.
    """

    members: csr_array
    conditions: np.ndarray
    n_found: int

    @property
    def size(self) -> np.ndarray:
        return np.diff(self.members.indptr)


def searchable_metrics() -> tuple[str, ...]:
    """Measures that the search takes: ratios of sums over users with a good end."""
    ends = (HIGHER_IS_BETTER, LOWER_IS_BETTER)
    return tuple(m.name for m in METRICS.values() if isinstance(m, RatioMetric) and m.direction in ends)


def find_subgroups(
    dataset: Dataset,
    evaluation: Evaluation,
    *,
    train: csr_array,
    metric: str = "ndcg",
    columns: Sequence[str] = (),
    settings: AuditSettings = DEFAULT_SETTINGS,
    variant: ModelVariant = DENSE,
    progress: Progress = silent,
) -> SubgroupSearch:
    r"""The subgroups of users that a measure serves worst, by conditions on up to two columns.

    Every subgroup of ``least_size`` users or more that leaves as many others is compared with everyone else:

    .. math:: T_g = \mp \frac{\sum_{i \in g} z_i}{\sqrt{\frac{n_g (n - n_g)}{n - 1}\, \overline{z^2}}},
        \qquad z_i = a_i - \frac{\sum a}{\sum b}\, b_i

    (`worse_by`; of a mean, :math:`z_i` is a user's figure less everyone's). The p-value of a subgroup is the share of
    shufflings of the users in which the largest statistic of *all* candidates is as large (Westfall & Young 1993),
    so it is of the whole search: where no subgroup is served worse, one is reported in at most 5 % of searches.

    Parameters
    ----------
    metric
        One of `searchable_metrics`, with or without the length of the list.
    columns
        As a person spells them; none: every user column, and those made of the history.

    Raises
    ------
    SettingError
        ``subgroups.metric``; ``subgroups.columns`` for a column of items or a segment.
    RecLensError
        ``subgroups.nobody`` where nobody has a figure; ``column.unknown``; why the data cannot give the measure.
    """
    start = time.perf_counter()
    about, named = _searchable(metric), _user_columns(dataset, columns)
    terms, users = _figures(dataset, evaluation, train, about)
    met = [c for column in named for c in column_conditions(dataset, column, train=train)]
    candidates = make_candidates(met, users, least_size=settings.least_size)
    sign = -1.0 if about.direction == HIGHER_IS_BETTER else 1.0
    worse, p_values = search(terms, candidates, sign=sign, settings=settings, progress=progress)
    return SubgroupSearch(
        metric=about.full_name(evaluation.ranking.k),
        columns=named,
        subgroups=_described(terms, candidates, met, (worst_apart(worse, candidates), worse, p_values), settings),
        n_candidates=candidates.n_found,
        n_searched=len(candidates.conditions),
        n_users=len(users),
        overall=float(terms.exact(np.ones((1, len(users))))[0]),
        n_shuffles=settings.n_bootstrap,
        least_size=settings.least_size,
        seed=settings.seed,
        seconds=time.perf_counter() - start,
        sample=evaluation.sample,
        variant=variant,
    )


def _figures(
    dataset: Dataset, evaluation: Evaluation, train: csr_array, metric: RatioMetric
) -> tuple[RatioTerms, np.ndarray]:
    """What every user with a figure adds to a measure, and who these are (matrix rows)."""
    inputs = MetricInputs.of(dataset, evaluation, train)
    unmet = inputs.unmet(metric.needs)
    if unmet is not None:
        raise RecLensError(unmet.key, **dict(unmet.values))
    terms = metric.terms(inputs)
    rows = np.flatnonzero(terms.denominator > 0)
    if not len(rows):
        raise RecLensError("subgroups.nobody", metric=metric.name)
    return RatioTerms(terms.numerator[rows], terms.denominator[rows], terms.offset), inputs.user_index[rows]


def _searchable(metric: str) -> RatioMetric:
    found, known = METRICS.get(metric.split("@")[0]), searchable_metrics()
    if not isinstance(found, RatioMetric) or found.name not in known:
        raise SettingError("subgroups.metric", metric=metric, known=", ".join(known))
    return found


def _user_columns(dataset: Dataset, columns: Sequence[str]) -> tuple[str, ...]:
    if not columns:
        return tuple(c for c in groupable_columns(dataset, "user") if c not in dataset.segments)
    found = [find_column(dataset, column) for column in columns]
    for column in found:
        if column.side != "user" or column.key in dataset.segments:
            raise SettingError("subgroups.columns", column=column.key)
    return tuple(dict.fromkeys(column.key for column in found))


def make_candidates(met: Sequence[MetCondition], users: np.ndarray, *, least_size: int) -> Candidates:
    """Conditions alone and two on different columns that ``least_size`` of the users or more meet, and as many do not.

    ``users`` are matrix rows. Of candidates with the same users the first stays, one condition before two; of more
    than 20,000 the largest are searched, which is settled before any figure is looked at.
    """
    inside = np.stack([c.inside[users] for c in met], axis=1) if met else np.zeros((len(users), 0), dtype=bool)
    n, n_conditions = inside.shape
    columns = [c.condition.column for c in met]
    both = [(a, b) for a, b in combinations(range(n_conditions), 2) if columns[a] != columns[b]]
    pairs = np.array([*((a, -1) for a in range(n_conditions)), *both], dtype=np.int64).reshape(-1, 2)
    size, mark = _sizes(inside, pairs, bits=52 - int(np.ceil(np.log2(max(n, 2)))))
    fits = np.flatnonzero((size >= least_size) & (n - size >= least_size))
    first = np.sort(np.unique(mark[fits], return_index=True)[1])
    different = fits[first]
    kept = np.sort(different[np.argsort(-size[different], kind="stable")[:MOST_SEARCHED]])
    return Candidates(_members(inside, pairs[kept]), pairs[kept], len(different))


def _sizes(inside: np.ndarray, pairs: np.ndarray, *, bits: int) -> tuple[np.ndarray, np.ndarray]:
    """Users of every candidate, and a number that differs where the users do (the sum of whole random ones)."""
    random = np.random.default_rng(0).integers(1, 2**bits, size=len(inside)).astype(float)
    single = inside.astype(float)
    weighted = single * random[:, None]
    size = np.concatenate([single.T @ single, single.sum(axis=0)[:, None]], axis=1)
    mark = np.concatenate([weighted.T @ single, weighted.sum(axis=0)[:, None]], axis=1)
    return size[pairs[:, 0], pairs[:, 1]], mark[pairs[:, 0], pairs[:, 1]]


def _members(inside: np.ndarray, pairs: np.ndarray) -> csr_array:
    whole = np.concatenate([inside, np.ones((len(inside), 1), dtype=bool)], axis=1).T  # -1: no second condition
    blocks = [
        csr_array((whole[part[:, 0]] & whole[part[:, 1]]).astype(np.float32))
        for part in np.array_split(pairs, max(1, -(-len(pairs) // ROWS_A_BLOCK)))
    ]
    return csr_array(vstack(blocks))


def search(
    terms: RatioTerms, candidates: Candidates, *, sign: float, settings: AuditSettings, progress: Progress = silent
) -> tuple[np.ndarray, np.ndarray]:
    """Statistic and corrected p-value of every candidate, ``(n_candidates,)`` each; see `find_subgroups`.

    ``sign`` is 1 where more is worse, -1 where less is.
    """
    z = sign * (terms.numerator - terms.centre * terms.denominator)
    n = len(z)
    spread = np.sqrt(candidates.size * (n - candidates.size) / max(n - 1, 1) * np.mean(z**2))
    scale = np.divide(1.0, spread, out=np.zeros(len(spread)), where=spread > 0)
    worse = (candidates.members @ z) * scale
    if not len(worse):
        return worse, worse
    largest: list[float] = []
    single = z.astype(np.float32)
    for order in shuffles(n, settings):
        progress("searching subgroups", len(largest) / settings.n_bootstrap)
        again = candidates.members @ np.ascontiguousarray(single[order].T)
        largest.extend((again * scale[:, None]).max(axis=0))
    reached = len(largest) - np.searchsorted(np.sort(largest), worse - ROUNDING * np.abs(worse) - ROUNDING)
    return worse, (1 + reached) / (1 + len(largest))


def worst_apart(worse: np.ndarray, candidates: Candidates) -> np.ndarray:
    """Positions of the ten worst candidates, the worst first, without those that are mostly a worse one's users."""
    left, size = worse.astype(float), candidates.size
    found: list[int] = []
    while len(found) < N_SHOWN and np.isfinite(left).any():
        at = int(np.argmax(left))
        found.append(at)
        shared = candidates.members @ candidates.members[[at]].toarray()[0]
        left = np.where(shared > MOST_SHARED * (size + size[at] - shared), -np.inf, left)
        left[at] = -np.inf
    return np.array(found, dtype=np.int64)


def shuffles(n_users: int, settings: AuditSettings) -> Iterator[np.ndarray]:
    """Random orders of the users, pieces ``(b, n_users)``."""
    generator = np.random.default_rng([settings.seed, PERMUTATION])
    for size in pieces(n_users * PIECES_FINER, settings.n_bootstrap):
        yield shuffled(n_users, size, generator)


def _described(
    terms: RatioTerms,
    candidates: Candidates,
    met: Sequence[MetCondition],
    found: tuple[np.ndarray, np.ndarray, np.ndarray],
    settings: AuditSettings,
) -> tuple[Subgroup, ...]:
    """The worst candidates with their figures and bootstrap intervals."""
    worst, worse, p_values = found
    inside = candidates.members[worst].toarray().astype(float)
    sides = np.concatenate([inside, 1 - inside])
    value, rest = np.split(terms.exact(sides), 2)
    if not len(worst):
        return ()
    columns = terms.columns()
    draws = []
    for weights in Resamples(len(columns), settings.n_bootstrap, settings.seed).weights():
        sums = np.stack([weights @ (side[:, None] * columns) for side in sides], axis=1)
        of_group, of_rest = np.split(terms.from_sums(sums), 2, axis=1)
        draws.append(of_group - of_rest)
    low, high = interval(np.concatenate(draws), value - rest)
    return tuple(
        Subgroup(
            conditions=tuple(met[c].condition for c in candidates.conditions[at] if c >= 0),
            n=int(candidates.size[at]),
            value=float(value[i]),
            rest=float(rest[i]),
            difference=float(value[i] - rest[i]),
            low=float(low[i]),
            high=float(high[i]),
            statistic=float(worse[at]),
            p_corrected=float(p_values[at]),
        )
        for i, at in enumerate(worst.tolist())
    )


def subgroups_json(found: SubgroupSearch) -> dict:
    """The search as plain JSON: ``subgroups`` with conditions, size, figures, interval and corrected p-value."""
    names = ("n", "value", "rest", "difference", "low", "high", "statistic", "p_corrected", "within_noise")
    sample = found.sample
    return {
        "metric": found.metric,
        "columns": list(found.columns),
        "subgroups": [
            {"group": s.label, "conditions": [_condition_json(c) for c in s.conditions]}
            | {name: getattr(s, name) for name in names}
            for s in found.subgroups
        ],
        "n_found": len(found.found),
        "n_candidates": found.n_candidates,
        "n_searched": found.n_searched,
        "n_users": found.n_users,
        "n_all_users": found.n_users if sample is None else sample.n_all_users,
        "overall": found.overall,
        "n_shuffles": found.n_shuffles,
        "least_size": found.least_size,
        "seed": found.seed,
        "seconds": found.seconds,
    }


def _condition_json(condition: SubgroupCondition) -> dict:
    group = condition.group
    about = {"column": condition.column, "kind": group.kind, "group": group.label, "by": condition.spelled}
    return about | ({"low": group.low, "high": group.high} if group.kind == "range" else {})
