"""Everything tried: every measured variant of a workspace's models as a point of quality against gap."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from recsys_core.compare import default_grid
from recsys_core.mend import Tried as TriedMending
from recsys_core.results import CompressionReport
from recsys_core.results.search import SearchResult, Tried
from recsys_core.variant import ModelVariant

SEARCH, GRID, MENDING, HAND = "search", "grid", "mending", "hand"
ORIGINS = (GRID, SEARCH, MENDING, HAND)


@dataclass(frozen=True, slots=True)
class TriedPoint:
    """A variant that was measured, and whose idea it was.

    Attributes
    ----------
    origin
        ``search`` (NSGA-II), ``mending`` (another model of the workspace, or re-ranked lists), ``grid`` (a default
        level of compression) or ``hand``; what a search tried is its own, wherever else it was tried.
    gap
        NDCG@10 of the best served group less that of the worst.
    reasons_kept
        Of the strongest reasons of the model that is looked at; None where that is not known.
    """

    variant: ModelVariant
    origin: str
    ndcg: float
    gap: float
    size_bytes: int
    reasons_kept: float | None


def everything_tried(
    reports: Iterable[CompressionReport],
    by: str,
    *,
    base: ModelVariant,
    searched: SearchResult | None = None,
    mended: Iterable[TriedMending] = (),
) -> list[TriedPoint]:
    """One point a variant with a gap by this user column, in order of quality; ``base`` is the full model.

    Figures are those of the search where it tried the variant, else of the report, else of its mending.
    """
    points = {t.variant: _of_search(t) for t in (searched.tried if searched else ())}
    for report in reports:
        gap, known = report.group_gaps.get(by), (report.compressed.ndcg, report.size_bytes)
        if report.variant in points or gap is None or gap.own is None or None in known:
            continue
        kept = report.top_3_overlap if report.variant.model == base.model else None
        origin = origin_of(report.variant, base)
        points[report.variant] = TriedPoint(report.variant, origin, known[0], gap.own, known[1], kept)  # type: ignore[arg-type]
    for tried in mended:
        if tried.variant in points or tried.gap is None or tried.by != by:
            continue
        about = (tried.ndcg, tried.gap, tried.size_bytes, tried.reasons_kept)
        points[tried.variant] = TriedPoint(tried.variant, MENDING, *about)
    return sorted(points.values(), key=lambda point: (-point.ndcg, point.variant.key))


def _of_search(tried: Tried) -> TriedPoint:
    return TriedPoint(tried.variant, SEARCH, tried.ndcg, tried.gap, tried.size_bytes, tried.reasons_kept)


def origin_of(variant: ModelVariant, base: ModelVariant) -> str:
    """Whose idea a variant was that no search tried."""
    if variant.model != base.model or not variant.reranking.is_identity:
        return MENDING
    levels = {level.settings_key for level in default_grid()}
    is_level = variant.settings_key in levels or variant.compression.neighbours is not None
    return GRID if is_level else HAND


def best_of_two(points: Iterable[TriedPoint]) -> list[TriedPoint]:
    """The points that no other one equals or beats in quality and gap and beats in one, in order of gap.

    >>> made = [TriedPoint(ModelVariant(), GRID, q, gap, 1, None) for q, gap in ((0.3, 0.2), (0.2, 0.1), (0.2, 0.3))]
    >>> [(point.ndcg, point.gap) for point in best_of_two(made)]
    [(0.2, 0.1), (0.3, 0.2)]
    """
    found: list[TriedPoint] = []
    for point in sorted(points, key=lambda p: (p.gap, -p.ndcg)):
        if not found or point.ndcg > found[-1].ndcg:
            found.append(point)
    return found
