"""Which design is fairer by itself, in words."""

from __future__ import annotations

from dashboard.presentation.sentences.fairness import columns_name
from dashboard.presentation.texts import numbers, plain, t
from dashboard.presentation.texts.markdown import Markdown
from recsys_core.results.architectures import ArchitectureReport, Design, DesignFigures


def design_name(design: Design) -> str:
    """A design in words: "cross network, ids, no text"."""
    read = {name: plain(f"design.{name}.{'yes' if getattr(design, name) else 'no'}") for name in ("ids", "text")}
    return plain("design.name", kind=plain(f"design.{design.kind}"), **read)


def names_of(designs: tuple[Design, ...]) -> str:
    """Designs one after another."""
    return "; ".join(map(design_name, designs))


def sentences(report: ArchitectureReport) -> list[Markdown]:
    """The verdict, and the smallest gap beside the app's own."""
    own = own_of(report)
    return [*_verdict(report, own), _smallest(report, own)]


def own_of(report: ArchitectureReport) -> DesignFigures:
    """Figures of the app's own design."""
    return next(figures for figures in report.designs if figures.design == report.app)


def _verdict(report: ArchitectureReport, own: DesignFigures) -> list[Markdown]:
    if len(report.seeds) < 2:
        return [t("designs.verdict.one")]
    said = {
        "column": columns_name((report.by,)),
        "gap": numbers.number(own.gap.mean),
        "seeds": len(report.seeds),
        "n": len(report.designs) - 1,
    }
    first = "designs.verdict.fairer" if report.fairer else "designs.verdict.none"
    found = [t(first, names=names_of(report.fairer), **said) if report.fairer else t(first, **said)]
    return [*found, *([t("designs.verdict.poorer", names=names_of(report.poorer))] if report.poorer else [])]


def _smallest(report: ArchitectureReport, own: DesignFigures) -> Markdown:
    best = min(report.designs, key=lambda figures: (figures.gap.mean, figures.design))
    return t(
        "designs.smallest",
        name=design_name(best.design),
        gap=numbers.number(best.gap.mean),
        ndcg=numbers.number(best.ndcg.mean),
        own=numbers.number(own.gap.mean),
        own_ndcg=numbers.number(own.ndcg.mean),
    )


def caveats(report: ArchitectureReport) -> list[Markdown]:
    """On what the figures rest."""
    left_out = [t("designs.caveat.left_out", names=names_of(report.left_out))] if report.left_out else []
    return [
        t(
            "designs.caveat.n",
            users=report.n_users,
            groups=report.n_groups,
            seeds=", ".join(map(str, report.seeds)),
            epochs=report.epochs,
            time=numbers.duration(report.seconds),
        ),
        t("designs.caveat.interval", n=len(report.seeds)),
        t("designs.caveat.budget"),
        t("designs.caveat.params"),
        t("designs.caveat.logistic"),
        *left_out,
    ]
