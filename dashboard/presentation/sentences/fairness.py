"""Who is served worse and whether it is real, in one or two sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dashboard.presentation.sentences import users
from dashboard.presentation.texts import core_message, has, language, listed, numbers, plain, t, word
from dashboard.presentation.texts.markdown import Markdown, escape, opposing, strong, supporting
from dashboard.presentation.wording import known, range_with_its_unit, shorten
from recsys_core.errors import Phrase
from recsys_core.fairness import ScanResult, direction
from recsys_core.fairness.columns import SEGMENT, TRAINING, without_parts
from recsys_core.fairness.metric import HIGHER_IS_BETTER, LOWER_IS_BETTER, OfAllGroups
from recsys_core.fairness.metrics import find_metric
from recsys_core.results import (
    Evaluation,
    FairnessReport,
    Gap,
    GapChange,
    Group,
    OneVsRestGap,
    TogetherFigure,
)

K = 10  # length of the lists that the words of measures are written for
CROSS = " × "
NO_BREAK = "\u00a0"
GroupsOf = Callable[[str], Mapping[str, Group]]  # of a column, by label: stored reports hold labels alone


def short_name(metric: str) -> str:
    """``ndcg@10`` as NDCG@10, others in words."""
    return _words("measure", metric) or word("measure", metric)


def measure_name(metric: str) -> str:
    """The same with the textbook's name in brackets where the words differ from it."""
    textbook = _words("measure.textbook", metric)
    return plain("measure.both", name=short_name(metric), textbook=textbook) if textbook else short_name(metric)


def family_name(metric: str) -> str:
    """What a measure is about and its name, as lists of measures show it: "lists · coverage"."""
    family = plain(f"measure.family.{find_metric(metric).family}")
    return plain("measure.in_family", family=family, name=measure_name(metric))


def what(metric: str) -> str:
    """What a measure says, in one plain sentence; empty where there are no words."""
    return _words("measure.what", metric)


def meaning(metric: str) -> str:
    """A measure's one-line definition with its good end, by the name that it has in files: plain text."""
    return plain("fairness.meaning", metric=metric, what=what(metric), good=plain(f"measure.good.{direction(metric)}"))


def definition(metric: str) -> str:
    """The same with formula and source: plain text."""
    found = find_metric(metric)
    return plain("measure.definition", meaning=meaning(metric), formula=found.formula, source=found.source)


def _words(prefix: str, metric: str) -> str:
    """The words of a measure; those of lists say 10 where the length of the list stands. Empty without words."""
    name, _, k = metric.partition("@")
    key = f"{prefix}.{name}@{K}" if k else f"{prefix}.{name}"
    return plain(key).replace(str(K), k or str(K)) if has(key) else ""


def good_end(metric: str) -> str:
    """The good end of a measure as a sign: ↑, ↓, 0, or none."""
    return plain(f"measure.sign.{direction(metric)}")


def column_name(column: str) -> str:
    """``user.region`` as region, ``training.activity`` as items taken before, ``segment:young`` as segment "young".

    The edges or values that were asked for stand behind it: ``user.age=30/50`` as age (30/50).
    """
    if column.startswith(SEGMENT):
        return plain("fairness.segment", name=column.removeprefix(SEGMENT))
    key, parts = without_parts(column)
    side, name = key.split(".", 1)
    said = plain(f"training.{name}") if side == TRAINING else word("column", name)
    return plain("fairness.column_parts", column=said, parts=shorten(parts)) if parts else said


def inside(name: str) -> str:
    """A name as it stands inside a sentence: Chinese asks for a space beside Latin letters and digits.

    The space is one that ``escape`` keeps at an end.
    """
    if language() != "zh" or not name:
        return name
    before, after = (NO_BREAK if end.isascii() and end.isalnum() else "" for end in (name[0], name[-1]))
    return f"{before}{name}{after}"


def columns_name(by: tuple[str, ...]) -> str:
    """The columns of an audit: "region", "region × gender"."""
    return inside(CROSS.join(column_name(column) for column in by))


def name_of(group: Group) -> str:
    """A group as it stands beside its dot, in the session's language."""
    if group.kind == "crossed":
        return CROSS.join(name_of(part) for part in group.parts)
    if group.kind == "segment":
        return shorten(group.value)
    if group.kind == "value":
        return shorten(known(group.value))
    if group.kind == "range":
        return range_with_its_unit(group.value, group.unit)
    return plain(f"group.{group.value if group.kind == 'popularity' else group.kind}")


def people(by: tuple[str, ...], group: Group) -> Markdown:
    """A group as the subject of a sentence: "Users from the islands"."""
    side, _, name = without_parts(by[0])[0].partition(".")
    if group.kind in ("segment", "others") and len(by) == 1:
        return t(f"fairness.who.{group.kind}", name=bold(group.value))
    if group.kind == "missing":
        return t("fairness.missing", column=inside(column_name(by[0])))
    shown, key, said = name_of(group), "fairness.who", f"group.said.{group.value}"
    if len(by) > 1 or group.kind == "rest":
        key = "fairness.who_are"
    elif side == TRAINING:
        key = f"fairness.who_took.{name}"
    elif has(f"fairness.who.{name}") and (name != "gender" or has(said)):
        key = f"fairness.who.{name}"
        shown = plain(said) if has(said) else shown
    return t(key, column=columns_name(by), group=bold(shown))


def bold(name: str) -> Markdown:
    """A name in bold inside a sentence."""
    return Markdown(inside(name).replace(name, strong(name)))


def sentence(report: FairnessReport, metric: str, rest: tuple[OneVsRestGap, ...]) -> Markdown:
    """The worst group with its figures, or that nothing is beyond noise."""
    column, name = columns_name(report.by), escape(inside(short_name(metric)))
    gap, together = report.gap(metric), report.figure(metric)
    if together is not None:
        return _together(report, together)
    shown = [row for row in report.groups if not row.suppressed]
    if gap is None:
        key = {0: "no_group", 1: "one_group"}.get(len(shown), "no_metric")
        return t(f"fairness.{key}", column=column, metric=name, least=report.least_size)
    if gap.within_noise:
        return _noise(report, gap, len(shown))
    alone = next((r for r in rest if r.metric == metric and r.group == gap.worst_group), None)
    if alone is None or not alone.is_clear:
        return _pair(report, gap)
    return _one_vs_rest(report, alone)


def _noise(report: FairnessReport, gap: Gap, n_groups: int) -> Markdown:
    return t(
        "fairness.noise",
        metric=escape(inside(short_name(gap.metric))),
        n=n_groups,
        column=columns_name(report.by),
        worst=name_of(gap.worst_group),
        best=name_of(gap.best_group),
        low_value=format_metric(gap.worst),
        high_value=format_metric(gap.best),
        p=chance(gap.p_value),
        n_tested=report.n_tested,
        corrected=chance(gap.p_corrected),
    )


def _together(report: FairnessReport, figure: TogetherFigure) -> Markdown:
    """A figure of all groups at once, and whether groups by lot have such a one."""
    return t(
        f"fairness.together.{'noise' if figure.within_noise else 'clear'}",
        metric=escape(inside(short_name(figure.metric))),
        column=columns_name(report.by),
        value=format_metric(figure.value),
        low=format_metric(figure.low),
        high=format_metric(figure.high),
        p=chance(figure.p_value),
        corrected=chance(figure.p_corrected),
        n_tested=report.n_tested,
    )


def shown_by_group(metric: str) -> str:
    """The measure of single groups that shows a measure: itself, or what a figure of all groups is made of."""
    found = find_metric(metric)
    if not isinstance(found, OfAllGroups):
        return metric
    _, _, k = metric.partition("@")
    own = find_metric(found.by_group)
    return own.full_name(int(k or K))


def _pair(report: FairnessReport, gap: Gap) -> Markdown:
    key = "fairness.clear.pair" if direction(gap.metric) == HIGHER_IS_BETTER else "fairness.clear.apart"
    return t(
        key,
        who=people(report.by, gap.worst_group),
        metric=escape(inside(short_name(gap.metric))),
        other=inside(name_of(gap.best_group)),
        value=format_metric(gap.worst),
        best=format_metric(gap.best),
        rest=format_metric(gap.best),
        low=format_metric(gap.low),
        high=format_metric(gap.high),
    )


def _one_vs_rest(report: FairnessReport, alone: OneVsRestGap) -> Markdown:
    low, high = sorted((abs(alone.low), abs(alone.high)))
    values = {
        "who": people(report.by, alone.group),
        "metric": escape(inside(short_name(alone.metric))),
        "value": format_metric(alone.value),
        "rest": format_metric(alone.rest),
        "low": format_metric(low),
        "high": format_metric(high),
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
    if found.within_noise:
        key = "noise"
    else:
        key = "wider" if abs(found.compressed) > abs(found.dense) else "narrower"
    return t(
        f"fairness.change.{key}",
        dense=format_metric(found.dense),
        compressed=format_metric(found.compressed),
        low=numbers.signed(found.low, 3),
        high=numbers.signed(found.high, 3),
    )


def format_metric(value: float | None) -> str:
    """A measure's value, three decimals, so that figures stand comparable beside one another."""
    return numbers.fixed(value, 3)


def interval(low: float | None, high: float | None) -> str:
    """Both ends, "−0.01 to 0.06"; empty where there is none."""
    return (
        "" if low is None or high is None else plain("fairness.range", low=format_metric(low), high=format_metric(high))
    )


def chance(p: float) -> str:
    """A p-value: "0.23", "0.0080", below one in a thousand "< 0.001"."""
    return plain("fairness.p.small") if p < 0.001 else numbers.number(p, 2)


def why(reason: Phrase) -> Markdown:
    """A reason of the core in the session's language."""
    return core_message(reason.key, dict(reason.values))


def left_out(report: FairnessReport) -> list[Markdown]:
    """What cannot be shown and why, and what must be known of the groups."""
    reasons: dict[Phrase, list[str]] = {}
    for out in report.left_out:
        reasons.setdefault(out.reason, []).append(measure_name(out.metric))
    left = [t("fairness.left_out", metric=listed(names), why=why(reason)) for reason, names in reasons.items()]
    return [*left, *(why(note) for note in report.notes if note.key != "fairness.no_groups")]


def caveats(report: FairnessReport, evaluation: Evaluation, n_items: int) -> list[str]:
    """Users, catalogue, draws, seed, suppression, where negatives come from, time."""
    n_users = t("fairness.caveat.users", n=report.overall.n)
    return [
        *(users.sample(report.sample) or [n_users]),
        t("fairness.caveat.catalogue", n=n_items),
        t("fairness.caveat.draws", n=report.n_bootstrap),
        t("fairness.caveat.seed", seed=report.seed),
        t("fairness.caveat.least", least=report.least_size),
        t(f"fairness.caveat.{evaluation.pairs.negatives}"),
        t("explain.caveat.seconds", time=numbers.duration(report.seconds)),
    ]


def anew(evaluation: Evaluation) -> list[Markdown]:
    """That the lists stored with the model could not be used, where that was so."""
    return [why(evaluation.anew)] if evaluation.anew else []


def scan_caveats(scan: ScanResult, model: str) -> list[str]:
    """Whose gaps, how many were tested and how many are real, and how that was decided."""
    report = next(iter(scan.reports.values()))
    n_real = sum(not gap.within_noise for _, gap in scan.gaps)
    return [
        t("fairness.found.caveat", real=n_real, n=scan.n_tested, model=plain(f"fairness.model.{model}")),
        t("fairness.gaps.caveat", n=report.n_bootstrap, most=report.most_shuffles),
        t("fairness.gaps.extreme"),
    ]


def legend(reports: dict[str, FairnessReport], metric: str) -> list[str]:
    """What the colours and the dashed line stand for, and what the measure means."""
    if len(reports) > 1:
        first = t("fairness.legend.both")
    else:
        overall = next(iter(reports.values())).overall.values[metric]
        first = t("fairness.legend.one", overall=format_metric(overall))
    return [first, escape(meaning(metric))]
