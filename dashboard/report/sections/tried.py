"""Section: everything that was tried to mend the gaps, and at what price."""

from __future__ import annotations

import pandas as pd

from dashboard.cached import search as cached
from dashboard.presentation.report.blocks import Notes, Section, Table
from dashboard.presentation.sentences import fairness as fairness_sentences
from dashboard.presentation.sentences.search import name_of
from dashboard.presentation.texts import numbers, plain, t, word
from dashboard.report.request import ReportRequest
from recsys_core.mend.tried import Tried, TriedStore
from recsys_core.results.mending import Mending
from recsys_core.search import TriedPoint

MOST_SHOWN = 30


def tried(asked: ReportRequest) -> Section | None:
    """Mendings that were measured, then the best of all measured variants by each column; None where nothing was."""
    mended = TriedStore(asked.ref.folder).all()
    parts = [part for by in asked.of_users if len(by) == 1 and (part := _variants(asked, by[0])) is not None]
    blocks = (Table(pd.DataFrame([_row(one) for one in mended]), plain("report.tried.mended"), n_texts=2),)
    if not mended and not parts:
        return None
    about = {"mendings": [_json(one) for one in mended]}
    shown = blocks if mended else ()
    return Section("tried", plain("report.tried"), (*shown, Notes([t("report.tried.note")])), about, tuple(parts))


def _variants(asked: ReportRequest, by: str) -> Section | None:
    """The variants that no other one beats in both quality and gap come first."""
    points = cached.tried(asked.ref, by)
    if not points:
        return None
    front = [p for p in points if not any(_beats(other, p) for other in points)]
    rest = [p for p in points if p not in front]
    ordered = sorted(front, key=lambda p: -p.ndcg) + sorted(rest, key=lambda p: -p.ndcg)
    rows = pd.DataFrame([_point(p, is_front=p in front) for p in ordered[:MOST_SHOWN]])
    caption = plain("report.tried.variants", n=min(MOST_SHOWN, len(points)), n_all=len(points))
    about = [_point_json(p, is_front=p in front) for p in ordered]
    title = fairness_sentences.columns_name((by,))
    return Section(by, title, (Table(rows, caption),), {"variants": about})


def _beats(one: TriedPoint, other: TriedPoint) -> bool:
    return one.ndcg >= other.ndcg and one.gap <= other.gap and (one.ndcg > other.ndcg or one.gap < other.gap)


def _point(point: TriedPoint, *, is_front: bool) -> dict[str, str]:
    return {
        plain("search.tried"): name_of(point.variant),
        plain("search.tried.y"): numbers.fixed(point.ndcg, 4),
        plain("search.table.gap"): numbers.fixed(point.gap, 4),
        plain("search.table.size"): numbers.size(point.size_bytes),
        plain("search.table.kept"): numbers.percent(point.reasons_kept),
        plain("report.tried.front"): plain("fairness.gaps.yes") if is_front else "",
    }


def _point_json(point: TriedPoint, *, is_front: bool) -> dict[str, object]:
    about = {name: getattr(point, name) for name in ("ndcg", "gap", "size_bytes", "reasons_kept", "origin")}
    return {"variant": point.variant.to_query(), **about, "front": is_front}


def _row(one: Tried) -> dict[str, str]:
    return {
        plain("report.tried.what"): plain("list.join").join(map(_named, one.mendings)),
        plain("fairness.column"): one.by,
        plain("search.tried.y"): f"{numbers.fixed(one.base_ndcg, 4)} → {numbers.fixed(one.ndcg, 4)}",
        plain("search.table.gap"): f"{numbers.fixed(one.base_gap, 4)} → {numbers.fixed(one.gap, 4)}",
        plain("search.table.kept"): numbers.percent(one.reasons_kept),
    }


def _named(mending: Mending) -> str:
    return plain("report.tried.mending", method=word("mend.method", mending.method), strength=_percent(mending))


def _percent(mending: Mending) -> str:
    return numbers.percent(mending.strength)


def _json(one: Tried) -> dict[str, object]:
    names = ("by", "ndcg", "base_ndcg", "gap", "base_gap", "reasons_kept", "lists_kept", "size_bytes", "made")
    return {"variant": one.query, "base": one.base, "mendings": [m.to_json() for m in one.mendings]} | {
        name: getattr(one, name) for name in names
    }
