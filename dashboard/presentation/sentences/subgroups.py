"""The worst-served subgroups, a gap within strata, and exposure of item groups, in sentences."""

from __future__ import annotations

from dashboard.presentation.sentences.fairness import (
    chance,
    column_name,
    format_metric,
    inside,
    name_of,
    short_name,
)
from dashboard.presentation.sentences.users import sample
from dashboard.presentation.texts import listed, numbers, plain, t
from dashboard.presentation.texts.markdown import Markdown, escape
from recsys_core.results import FairnessReport
from recsys_core.results.strata import StratifiedGap
from recsys_core.results.subgroups import Subgroup, SubgroupSearch

RATIO = "exposure_to_relevance"


def subgroup_name(subgroup: Subgroup) -> str:
    """The conditions of a subgroup: "region: the islands, age: 18–29 years"."""
    return listed([_condition(c.column, name_of(c.group)) for c in subgroup.conditions])


def _condition(column: str, group: str) -> str:
    return plain("subgroups.condition", column=column_name(column), group=group)


def subgroups_sentence(found: SubgroupSearch) -> Markdown:
    """Who is served worst, or that nobody is served worse than chance would have it."""
    metric = escape(inside(short_name(found.metric)))
    if not found.subgroups:
        return t("subgroups.none", least=found.least_size)
    worst = found.subgroups[0]
    if worst.within_noise:
        return t("subgroups.noise", metric=metric, p=chance(worst.p_corrected), n=found.n_searched)
    low, high = sorted((abs(worst.low), abs(worst.high)))
    return t(
        "subgroups.worst",
        who=inside(subgroup_name(worst)),
        metric=metric,
        value=format_metric(worst.value),
        rest=format_metric(worst.rest),
        low=format_metric(low),
        high=format_metric(high),
        n=len(found.found),
    )


def subgroups_caveats(found: SubgroupSearch) -> list[Markdown]:
    """How many were searched, and how that was corrected for."""
    searched = {"n": found.n_searched, "n_all": found.n_candidates, "columns": len(found.columns)}
    return [
        t("subgroups.searched" if found.n_searched == found.n_candidates else "subgroups.searched_some", **searched),
        t("subgroups.corrected", n=found.n_shuffles),
        t("subgroups.apart"),
        t("subgroups.picked"),
        *(sample(found.sample) or [t("fairness.caveat.users", n=found.n_users)]),
        t("fairness.caveat.least", least=found.least_size),
        t("fairness.caveat.seed", seed=found.seed),
        t("explain.caveat.seconds", time=numbers.duration(found.seconds)),
    ]


def strata_sentence(found: StratifiedGap) -> Markdown:
    """Whether the gap stays among users who are alike in something else."""
    shown = found.with_figure
    values = {
        "column": inside(column_name(found.within)),
        "metric": escape(inside(short_name(found.metric))),
        "worst": inside(name_of(found.worst_group)),
        "best": inside(name_of(found.best_group)),
        "n": len(found.strata),
        "raw": format_metric(found.raw.value),
    }
    if found.adjusted is not None:
        a = found.adjusted
        ends = {"low": numbers.signed(a.low, 3), "high": numbers.signed(a.high, 3)}
        values |= {"adjusted": numbers.signed(a.value, 3), **ends}
        values["k"] = sum(s.difference is not None and s.difference.value > 0 for s in shown)
    return t(f"strata.{found.verdict}", **values)


def strata_caveats(found: StratifiedGap) -> list[Markdown]:
    """What adjusted means, and what it rests on."""
    n_few = len(found.strata) - len(found.with_figure)
    return [
        t("strata.weights"),
        *([t("strata.left_out", n=n_few, least=found.least_size)] if n_few else []),
        t("strata.each"),
        t("fairness.caveat.draws", n=found.n_bootstrap),
        t("fairness.caveat.seed", seed=found.seed),
        t("explain.caveat.seconds", time=numbers.duration(found.seconds)),
    ]


def items_sentence(report: FairnessReport) -> Markdown:
    """Which group of items gets more exposure than its share of what was taken later, and which gets less."""
    rows = [row for row in report.groups if row.values.get(RATIO) is not None]
    column = inside(column_name(report.by[0]))
    if len(rows) < 2:
        return t("items.none", column=column, least=report.least_size)
    least, most = (pick(rows, key=lambda row: row.values[RATIO] or 0.0) for pick in (min, max))
    gap = report.gap(RATIO)
    key = "items.noise" if gap is None or gap.within_noise else "items.sentence"
    values = {"column": column, "most": inside(name_of(most.group)), "least": inside(name_of(least.group))}
    for end, row in (("most", most), ("least", least)):
        values[f"{end}_times"] = numbers.fixed(row.values[RATIO], 2)
        values[f"{end}_low"] = numbers.fixed(row.low[RATIO], 2)
        values[f"{end}_high"] = numbers.fixed(row.high[RATIO], 2)
    return t(key, **values, p=chance(gap.p_corrected) if gap is not None else "")
