"""What a search has found, and a variant that was tried, in words."""

from __future__ import annotations

from dashboard.presentation.sentences.fairness import columns_name
from dashboard.presentation.texts import numbers, plain, t
from dashboard.presentation.texts.markdown import Markdown
from dashboard.presentation.variants import plain_variant
from recsys_core.results.search import SearchResult, Tried
from recsys_core.search import TriedPoint
from recsys_core.variant import ModelVariant

MOST_LOSS = 0.02  # of NDCG@10: what a mending may cost before anybody asks


def name_of(variant: ModelVariant) -> str:
    """A variant in words, the model first where it is not the current one."""
    if not variant.model:
        return plain_variant(variant)
    if variant.is_dense:
        return plain("search.model.full", model=variant.model)
    return plain("variant.join").join((plain("search.model", model=variant.model), plain_variant(variant)))


def sentences(found: SearchResult) -> list[Markdown]:
    """How many were tried, the front beside the grid's, and the smallest gap that costs little."""
    said = {"n": len(found.tried), "front": len(found.front), "value": numbers.number(found.hypervolume)}
    if found.grid_hypervolume is None:
        first = t("search.sentence.open", asked=found.asked, **said)
    else:
        first = t("search.sentence", grid=numbers.number(found.grid_hypervolume), **said)
    return [first, _best(found)]


def _best(found: SearchResult) -> Markdown:
    best, most = smallest_gap(found), numbers.percent(MOST_LOSS)
    if best is None:
        return t("search.best.full", most=most)
    return t(
        "search.best",
        most=most,
        name=name_of(best.variant),
        gap=numbers.number(best.gap),
        full=numbers.number(found.full.gap),
        ndcg=numbers.number(best.ndcg),
        dense=numbers.number(found.full.ndcg),
        size=numbers.size(best.size_bytes),
        kept=numbers.percent(best.reasons_kept),
    )


def smallest_gap(found: SearchResult) -> Tried | None:
    """The variant with the smallest gap at a loss of at most two per cent; None where the full model has it."""
    cheap = [tried for tried in found.tried if tried.ndcg >= (1 - MOST_LOSS) * found.full.ndcg]
    best = min(cheap, key=lambda tried: (tried.gap, tried.variant.key), default=None)
    return best if best is not None and best.gap < found.full.gap else None


def caveats(found: SearchResult) -> list[Markdown]:
    """On what the figures rest."""
    return [
        t("search.caveat.sample", n=found.n_users, seed=found.seed),
        t("search.caveat.gap"),
        t("search.caveat.reference"),
        t("search.caveat.grid", n=len(found.grid)),
        t("search.caveat.chosen"),
    ]


def chosen(point: TriedPoint) -> Markdown:
    """One variant with its figures and whose idea it was."""
    return t(
        "search.tried.chosen",
        name=name_of(point.variant),
        ndcg=numbers.number(point.ndcg),
        gap=numbers.number(point.gap),
        size=numbers.size(point.size_bytes),
        kept=numbers.percent(point.reasons_kept),
        origin=plain(f"search.origin.{point.origin}"),
    )


def title(by: str) -> Markdown:
    """The heading of everything tried by a column."""
    return t("search.tried.title", column=columns_name((by,)))
