"""Data gap beside model gap: does a model widen what the data hold, or serve a group as well as anything can?

Every ranking of the same test users is audited by the same groups: the model's, the baselines', and on sample data the
best possible. What EASE leaves between two groups is what the data hold for a plain method; what the best possible
leaves no mending can close.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from recsys_core.data.dataset import Dataset
from recsys_core.errors import Phrase, RecLensError, SettingError, phrase
from recsys_core.fairness.audit import reason_json
from recsys_core.fairness.bootstrap import Bootstrap, bootstrap, interval
from recsys_core.fairness.changes import paired_p
from recsys_core.fairness.cohort import DEFAULT_SETTINGS, AuditSettings, UserCohort, user_cohort
from recsys_core.fairness.gaps import extremes, figures, group_row, holm
from recsys_core.fairness.groups import Grouping, make_grouping
from recsys_core.fairness.metric import HIGHER_IS_BETTER
from recsys_core.fairness.metric_inputs import MetricInputs
from recsys_core.fairness.metrics import METRICS
from recsys_core.fairness.resamples import Resamples
from recsys_core.fairness.user_statistics import UserStatistics, metric_values
from recsys_core.results import EVERYONE, Evaluation, Group, GroupRow
from recsys_core.results.data_gap import DataGap, ReferenceGap

MODEL = "model"


def compared_measures(k: int) -> tuple[str, ...]:
    """Measures that every ranking has, whatever its scores mean: how good a group's lists are, as reports name them."""
    return tuple(m.full_name(k) for m in METRICS.values() if m.family == "quality" and m.direction == HIGHER_IS_BETTER)


def data_gap(
    dataset: Dataset,
    model: Evaluation,
    references: Mapping[str, Evaluation],
    *,
    by: tuple[str, ...],
    train: csr_array,
    measure: str = "",
    settings: AuditSettings = DEFAULT_SETTINGS,
) -> DataGap:
    """Each group's figure under the model and the references, and the model's gap less each reference's.

    Parameters
    ----------
    references
        By name, of the same split (`recsys_core.models.references`); compared on the users that all have ranked.
    measure
        One of `compared_measures`; NDCG where empty.

    Notes
    -----
    The two groups are the model's own extremes. Picking them by the model makes its gap look a little wider where there
    are many groups of few users; intervals and p-values (paired bootstrap over users, Holm over the references) do not
    know of it.

    Raises
    ------
    SettingError
        ``setting.choice`` for an item column or another measure.
    RecLensError
        As `recsys_core.fairness.audit`, and why the measure has no figure on these data.
    """
    start = time.perf_counter()
    measure = _full_name(measure, model.ranking.k)
    grouping = make_grouping(dataset, by, train=train)
    if grouping.side != "user":
        raise SettingError("setting.choice", name="by", choices=phrase("what.user_columns"), value=", ".join(by))
    evaluations = _of_the_same_users({MODEL: model, **references})
    cohorts = {
        name: user_cohort(_statistics(dataset, found, train, measure), grouping, settings)
        for name, found in evaluations.items()
    }
    found = _compared(cohorts, grouping, measure, settings)
    kind, planted = _planted(dataset, by)
    n_users, seconds = cohorts[MODEL].n_counted, time.perf_counter() - start
    return replace(found, kind=kind, planted=planted, n_users=n_users, seconds=seconds)


def _full_name(measure: str, k: int) -> str:
    """``ndcg@10`` for it, for ``ndcg`` and for nothing said."""
    measures = compared_measures(k)
    short = {name.partition("@")[0]: name for name in measures}
    found = short.get(measure, measure) or measures[0]
    if found not in measures:
        raise SettingError("setting.choice", name="metric", choices=", ".join(measures), value=measure)
    return found


def _statistics(dataset: Dataset, evaluation: Evaluation, train: csr_array, measure: str) -> UserStatistics:
    """What each user adds to this one measure."""
    inputs, metric = MetricInputs.of(dataset, evaluation, train), METRICS[measure.split("@")[0]]
    unmet = inputs.unmet(metric.needs)
    if unmet is not None:
        raise RecLensError(unmet.key, **dict(unmet.values))
    ranked = np.isin(inputs.user_index, evaluation.ranking.user_index)
    return UserStatistics(
        user_index=inputs.user_index,
        is_ranked=ranked,
        metrics=(measure,),
        terms=(metric.terms(inputs),),
        if_undefined=(inputs.nobody_has(metric.needs),),
    )


def _of_the_same_users(evaluations: dict[str, Evaluation]) -> dict[str, Evaluation]:
    """The evaluations, restricted to the users that all of them have ranked where some lack some."""
    ranked = [e.ranking.user_index for e in evaluations.values()]
    if all(np.array_equal(ranked[0], other) for other in ranked):
        return evaluations
    common = ranked[0]
    for other in ranked:
        common = np.intersect1d(common, other)
    return {name: _only(found, common) for name, found in evaluations.items()}


def _only(found: Evaluation, users: np.ndarray) -> Evaluation:
    ranking, pairs = found.ranking, found.pairs
    return replace(
        found,
        ranking=ranking[np.flatnonzero(np.isin(ranking.user_index, users))],
        pairs=pairs[np.flatnonzero(np.isin(pairs.user_index, users))],
    )


def _compared(cohorts: dict[str, UserCohort], grouping: Grouping, measure: str, settings: AuditSettings) -> DataGap:
    cohort = cohorts[MODEL]
    resamples = Resamples(cohort.statistics.n_users, settings.n_bootstrap, settings.seed)
    drawn = {}
    for name, of in cohorts.items():
        value = metric_values(of.statistics, of.code, of.group_sets)
        drawn[name] = bootstrap(of.statistics, of.code, of.group_sets, value=value, resamples=resamples)
    pair = extremes(measure, drawn[MODEL].value[:-1, 0])
    tables = {name: figures((measure,), of)[..., 0] for name, of in drawn.items()}
    names = cohort.reportable_groups
    worst, best = (names[g] for g in pair) if pair else (None, None)
    gap, low, high = _difference(drawn[MODEL], pair) if pair else (math.nan,) * 3
    gaps = [_against(name, drawn, pair) for name in cohorts if name != MODEL] if pair else []
    p_values = holm(np.array([g.p_value for g in gaps]))
    return DataGap(
        by=grouping.by,
        measure=measure,
        rows={name: _rows(cohort, measure, table) for name, table in tables.items()},
        overall={
            name: group_row(EVERYONE, cohort.n_counted, (measure,), table[:, -1:]) for name, table in tables.items()
        },
        worst=worst,
        best=best,
        gap=gap,
        gap_low=low,
        gap_high=high,
        gaps=tuple(replace(g, p_corrected=float(p)) for g, p in zip(gaps, p_values, strict=True)),
        kind="",
        planted="",
        n_users=0,
        n_bootstrap=settings.n_bootstrap,
        least_size=settings.least_size,
        seed=settings.seed,
        seconds=0.0,
    )


def _rows(cohort: UserCohort, measure: str, table: np.ndarray) -> tuple[GroupRow, ...]:
    place = {int(g): at for at, g in enumerate(cohort.reportable)}
    return tuple(
        group_row(group, int(cohort.size[g]), (measure,), table[:, [place[g]]] if g in place else None)
        for g, group in enumerate(cohort.groups)
    )


def _against(name: str, drawn: dict[str, Bootstrap], pair: tuple[int, int]) -> ReferenceGap:
    model, other = drawn[MODEL], drawn[name]
    worst, n = pair[0], model.n[list(pair)].min()
    gap, gap_low, gap_high = _difference(other, pair)
    added = _gap(model.value, pair) - gap
    resampled = _gap(model.draws, pair) - _gap(other.draws, pair)
    low, high = interval(resampled, np.asarray(added), n=n)
    above = np.asarray(other.value[worst, 0] - model.value[worst, 0])
    above_low, above_high = interval(other.draws[:, worst, 0] - model.draws[:, worst, 0], above, n=model.n[worst])
    p = paired_p(resampled)
    return ReferenceGap(
        reference=name,
        gap=gap,
        gap_low=gap_low,
        gap_high=gap_high,
        added=float(added),
        low=float(low),
        high=float(high),
        p_value=p,
        p_corrected=p,
        above=float(above),
        above_low=float(above_low),
        above_high=float(above_high),
    )


def _gap(figures: np.ndarray, pair: tuple[int, int]) -> np.ndarray:
    """Best less worst group, of figures ``(…, n_groups + 1, 1)``."""
    return figures[..., pair[1], 0] - figures[..., pair[0], 0]


def _difference(drawn: Bootstrap, pair: tuple[int, int]) -> tuple[float, float, float]:
    low, high = drawn.of_difference(pair[1], pair[0])
    return float(_gap(drawn.value, pair)), float(low[0]), float(high[0])


def _planted(dataset: Dataset, by: tuple[str, ...]) -> tuple[str, str]:
    """What a sample's truth says was planted in this column, and in which group."""
    said = (dataset.truth or {}).get("under_served", {})
    here = by == (said.get("column"),) and "kind" in said
    return (said["kind"], said["value"]) if here else ("", "")


def verdicts(found: DataGap) -> tuple[Phrase, ...]:
    """What the comparison says, in sentences: the best possible first, then EASE."""
    if found.worst is None or found.best is None:
        return (phrase("data_gap.no_groups", column=" × ".join(found.by), least=found.least_size),)
    said, worst, best = [], found.worst.label, found.best.label
    bound, ease = found.against("best"), found.against("ease")
    if bound is not None:
        reached, most = (found.of(name, found.worst).values[found.measure] for name in (MODEL, "best"))
        said.append(phrase("data_gap.bound", group=worst, best=f"{most:.3f}", model=f"{reached:.3f}"))
    for against in (bound, ease):
        if against is not None:
            figures = {"gap": f"{found.gap:.3f}", "held": f"{against.gap:.3f}", "added": f"{abs(against.added):.3f}"}
            ends = sorted((abs(against.low), abs(against.high))) if against.verdict != "alike" else ()
            span = {"low": f"{ends[0]:.3f}", "high": f"{ends[1]:.3f}"} if ends else {}
            key = f"data_gap.{against.reference}.{against.verdict}"
            said.append(phrase(key, worst=worst, best=best, **figures, **span))
    return tuple(said)


def data_gap_json(found: DataGap) -> dict[str, Any]:
    """The comparison as plain JSON; ``verdicts`` in English with their keys."""
    names = ("gap", "gap_low", "gap_high", "kind", "planted", "n_users", "n_bootstrap", "least_size", "seed", "seconds")
    rows = zip(*found.rows.values(), strict=True)
    return {
        "by": list(found.by),
        "measure": found.measure,
        "scorers": [*found.rows],
        "overall": _row_json(found, tuple(found.overall.values())),
        "groups": [_row_json(found, row) for row in rows],
        "worst_group": _label(found.worst),
        "best_group": _label(found.best),
        "references": {gap.reference: _gap_json(gap) for gap in found.gaps},
        "verdicts": [reason_json(said) for said in verdicts(found)],
        **{name: getattr(found, name) for name in names},
    }


def _label(group: Group | None) -> str | None:
    return None if group is None else group.label


def _row_json(found: DataGap, rows: tuple[GroupRow, ...]) -> dict[str, Any]:
    """One group under every scorer: ``NAME``, ``NAME_low`` and ``NAME_high``."""
    figures: dict[str, float | None] = {}
    for name, row in zip(found.rows, rows, strict=True):
        ends = {"": row.values, "_low": row.low, "_high": row.high}
        figures |= {f"{name}{end}": of[found.measure] for end, of in ends.items()}
    return {"group": rows[0].group.label, "n": rows[0].n, "suppressed": rows[0].suppressed, **figures}


def _gap_json(gap: ReferenceGap) -> dict[str, Any]:
    names = ("gap", "gap_low", "gap_high", "added", "low", "high", "p_value", "p_corrected", "verdict")
    return {name: getattr(gap, name) for name in (*names, "above", "above_low", "above_high")}
