"""Who is served worse and whether it is real, in one or two sentences."""

from __future__ import annotations

from dashboard.cached import Place, groups
from dashboard.reasons import known, shorten
from dashboard.texts import has, numbers, plain, t, word
from dashboard.texts.markdown import Markdown, escape, opposing, supporting
from recsys_core.fairness import FairnessReport, Gap, GapChange, Group, RestGap, direction
from recsys_core.fairness.columns import TRAINING
from recsys_core.fairness.metrics import HIGHER_IS_BETTER, LOWER_IS_BETTER
from recsys_core.results import Evaluation

LIST_METRIC = "ndcg@10"


def measure_name(metric: str) -> str:
    """``ndcg@10`` as NDCG@10, others in words."""
    return word("measure", metric)


def column_name(column: str) -> str:
    """``user.region`` as region, ``training.activity`` as items taken before."""
    side, name = column.split(".", 1)
    return plain(f"training.{name}") if side == TRAINING else word("column", name)


def group_name(place: Place, column: str, group: Group | str) -> str:
    """A group (or its label) as it stands beside its dot: units and known values in the session's language."""
    found = groups(place, column)[group] if isinstance(group, str) else group
    if found.kind == "crossed":
        return " × ".join(group_name(place, column, part) for part in found.parts)
    if found.kind == "value":
        return shorten(known(found.value))
    if found.kind == "range":
        unit = word("unit", found.unit) if found.unit else ""
        return f"{found.value} {unit}".strip()
    return plain(f"group.{found.kind}")


def people(place: Place, column: str, group: Group) -> Markdown:
    """A group as the subject of a sentence: "Users from the islands"."""
    side, name = column.split(".", 1)
    if group.kind == "missing":
        return t("fairness.missing", column=column_name(column))
    shown, key = group_name(place, column, group), "fairness.who"
    said = f"group.said.{group.value}"
    if side == TRAINING:
        key = f"fairness.who_took.{name}"
    elif has(f"fairness.who.{name}") and (name != "gender" or has(said)):
        key = f"fairness.who.{name}"
        shown = plain(said) if has(said) else shown
    return t(key, column=column_name(column), group=Markdown(f"**{escape(shown)}**"))


def sentence(place: Place, report: FairnessReport, metric: str, rest: tuple[RestGap, ...]) -> Markdown:
    """The worst group with its figures, or that nothing is beyond noise."""
    column, name = report.by[0], escape(measure_name(metric))
    gap = next((g for g in report.gaps if g.metric == metric), None)
    shown = [row for row in report.groups if not row.suppressed]
    if gap is None:
        key = {0: "no_group", 1: "one_group"}.get(len(shown), "no_metric")
        return t(f"fairness.{key}", column=column_name(column), metric=name, least=report.least_size)
    if gap.within_noise:
        return _noise(place, report, gap, len(shown))
    alone = next((r for r in rest if r.metric == metric and r.group == gap.worst_group), None)
    if alone is None or not alone.is_clear:
        return _pair(place, report, gap)
    return _against_rest(place, column, alone)


def _noise(place: Place, report: FairnessReport, gap: Gap, n_groups: int) -> Markdown:
    column = report.by[0]
    values = {row.group: row.values[gap.metric] for row in report.groups}
    return t(
        "fairness.noise",
        metric=escape(measure_name(gap.metric)),
        n=n_groups,
        column=column_name(column),
        worst=group_name(place, column, gap.worst_group),
        best=group_name(place, column, gap.best_group),
        low_value=figure(values[gap.worst_group]),
        high_value=figure(values[gap.best_group]),
        p=numbers.percent(gap.p_value),
    )


def _pair(place: Place, report: FairnessReport, gap: Gap) -> Markdown:
    column = report.by[0]
    values = {row.group: row.values[gap.metric] for row in report.groups}
    key = "fairness.clear.pair" if direction(gap.metric) == HIGHER_IS_BETTER else "fairness.clear.apart"
    best = figure(values[gap.best_group])
    return t(
        key,
        who=people(place, column, gap.worst_group),
        metric=escape(measure_name(gap.metric)),
        other=group_name(place, column, gap.best_group),
        value=figure(values[gap.worst_group]),
        best=best,
        rest=best,
        low=figure(gap.low),
        high=figure(gap.high),
    )


def _against_rest(place: Place, column: str, alone: RestGap) -> Markdown:
    low, high = sorted((abs(alone.low), abs(alone.high)))
    values = {
        "who": people(place, column, alone.group),
        "metric": escape(measure_name(alone.metric)),
        "value": figure(alone.value),
        "rest": figure(alone.rest),
        "low": figure(low),
        "high": figure(high),
    }
    kind = direction(alone.metric)
    if kind not in (HIGHER_IS_BETTER, LOWER_IS_BETTER) or alone.rest <= 0 or alone.value < 0:
        return t("fairness.clear.apart", **values)
    share = alone.value / alone.rest - 1
    words = plain(f"fairness.share.{'lower' if share < 0 else 'higher'}", percent=numbers.percent(abs(share)))
    is_worse = (share < 0) == (kind == HIGHER_IS_BETTER)
    return t("fairness.clear.lower", share=opposing(words) if is_worse else supporting(words), **values)


def change_sentence(changes: tuple[GapChange, ...], metric: str) -> Markdown:
    """What compression does to the gap between the two groups that are extreme for the full model; empty if unknown."""
    found = next((c for c in changes if c.metric == metric), None)
    if found is None:
        return Markdown()
    if found.low <= 0 <= found.high:
        key = "noise"
    else:
        key = "wider" if abs(found.compressed) > abs(found.dense) else "narrower"
    return t(
        f"fairness.change.{key}",
        dense=figure(found.dense),
        compressed=figure(found.compressed),
        low=numbers.signed(found.low, 3),
        high=numbers.signed(found.high, 3),
    )


def figure(value: float | None) -> str:
    """A measure's value, three decimals, so that figures stand comparable beside one another."""
    return numbers.fixed(value, 3)


def doubts(report: FairnessReport, evaluation: Evaluation, n_items: int) -> list[str]:
    """Users, catalogue, draws, seed, suppression, where negatives come from, time."""
    return [
        t("fairness.doubt.users", n=report.overall.n),
        t("fairness.doubt.catalogue", n=n_items),
        t("fairness.doubt.draws", n=report.n_bootstrap),
        t("fairness.doubt.seed", seed=report.seed),
        t("fairness.doubt.least", least=report.least_size),
        t(f"fairness.doubt.{evaluation.pairs.negatives}"),
        t("explain.doubt.seconds", time=numbers.duration(report.seconds)),
    ]


def legend(reports: dict[str, FairnessReport], metric: str) -> list[str]:
    """What the colours and the dashed line stand for, and what the measure means."""
    name = escape(measure_name(metric))
    if len(reports) > 1:
        first = t("fairness.legend.both")
    else:
        overall = next(iter(reports.values())).overall.values[metric]
        first = t("fairness.legend.one", overall=figure(overall))
    meaning = (
        t("fairness.meaning", metric=name, what=t(f"measure.what.{metric}")) if has(f"measure.what.{metric}") else ""
    )
    return [first, meaning]
