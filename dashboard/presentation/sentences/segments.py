"""What a segment is: its conditions and its size, in words."""

from __future__ import annotations

from dashboard.presentation.sentences.fairness import bold, format_metric, inside, short_name
from dashboard.presentation.texts import has, joined, numbers, plain, t, word
from dashboard.presentation.texts.markdown import Markdown, escape
from dashboard.presentation.wording import amount, known, with_its_unit
from recsys_core.data.conditions import ACTIVITY, Condition
from recsys_core.data.dataset import Dataset
from recsys_core.data.segments import Segment
from recsys_core.results import FairnessReport
from recsys_core.results.segments import SegmentChange


def conditions(data: Dataset, segment: Segment) -> str:
    """What its users have in common: "age 25 to 35, region north or south"; plain text."""
    if segment.users is not None:
        return plain("segment.picked")
    return plain("list.join").join(_condition(data, column, x) for column, x in segment.conditions.items())


def _condition(data: Dataset, column: str, condition: Condition) -> str:
    name = plain(ACTIVITY) if column == ACTIVITY else word("column", column)
    if all(isinstance(value, str) for value in condition):
        values = plain("segment.or").join(known(str(value)) for value in condition)
        return plain("segment.values", column=name, values=values)
    about = data.schema.user_column(column)
    low, high = (float(end) for end in condition)
    shown = with_its_unit(high, about.unit if about is not None and column != "age" else "")
    return plain("segment.range", column=name, low=amount(low), high=shown)


def size(segment: Segment, n_users: int, data: Dataset) -> Markdown:
    """Its name, how many users it has of how many, and what they have in common."""
    if not n_users:
        return t("segment.empty", name=segment.name, what=conditions(data, segment))
    values = {"n": numbers.count(n_users), "of": data.n_users, "what": conditions(data, segment)}
    return t("segment.size", name=segment.name, **values)


def on_page(page: str, segment: Segment, n_users: int, data: Dataset) -> Markdown:
    """The segment with its size, and what it does on a page."""
    said = size(segment, n_users, data)
    key = f"segment.on.{page}" if has(f"segment.on.{page}") else "segment.on.other"
    return Markdown(f"{said} {t(key)}") if n_users else said


def too_small(name: str, n_users: int, least: int) -> Markdown:
    """That a segment has too few users for figures of its own."""
    return t("segment.too_small", name=escape(name), n=n_users, least=least)


def quality(report: FairnessReport, name: str) -> Markdown:
    """How high the segment's items stand in its lists, beside everyone's; the AUC where nobody is ranked."""
    metric = next((m for m in ("ndcg@10", "auc") if m in report.overall.values), None)
    own = report.groups[0].values.get(metric) if metric else None
    if metric is None or own is None:
        return t("segment.quality.none", name=name)
    gap = report.gap(metric)
    key = "none" if gap is None else "noise" if gap.within_noise else "real"
    said = t(
        "segment.quality.says",
        name=bold(name),
        metric=escape(inside(short_name(metric))),
        value=format_metric(own),
        everyone=format_metric(report.overall.values[metric]),
    )
    return said if key == "none" else joined(said, t(f"segment.quality.{key}"))


def quality_caveats(report: FairnessReport) -> list[str]:
    """On whom the figures rest, intervals, seed."""
    return [
        t("segment.caveat.users", n=report.groups[0].n, of=report.overall.n),
        t("fairness.caveat.draws", n=report.n_bootstrap),
        t("fairness.caveat.seed", seed=report.seed),
    ]


def kept(found: SegmentChange, name: str) -> Markdown:
    """Lists, quality and reasons of a segment that a level keeps."""
    low, high = (numbers.signed(x, 3) for x in (found.ndcg_low, found.ndcg_high))
    return t(
        "segment.kept.says",
        name=bold(name),
        lists=_between(found.lists.mean, found.lists.low, found.lists.high),
        dense=format_metric(found.ndcg_dense),
        compressed=format_metric(found.ndcg_variant),
        low=low,
        high=high,
        reasons=_between(
            found.reasons.top_3_overlap, found.reasons.top_3_overlap_low, found.reasons.top_3_overlap_high
        ),
    )


def _between(mean: float | None, low: float | None, high: float | None) -> str:
    """ "83 % (80 % to 86 %)"."""
    ends = plain("global.interval", low=numbers.percent(low), high=numbers.percent(high))
    return plain("segment.figure", value=numbers.percent(mean), interval=ends)


def kept_caveats(found: SegmentChange) -> list[str]:
    """On whom and what the figures rest."""
    return [
        t("segment.kept.users", n=found.n_users),
        t("segment.kept.pairs", n=found.reasons.n_pairs, background=found.reasons.background),
        t("segment.kept.intervals"),
        t("fairness.caveat.seed", seed=found.seed),
    ]
