"""Which explainer can be believed, in words."""

from __future__ import annotations

from collections.abc import Callable

from dashboard.presentation.texts import capital, core_message, has, joined, listed, numbers, plain, t
from dashboard.presentation.texts.markdown import Markdown
from recsys_core.errors import Phrase
from recsys_core.results import Group
from recsys_core.results.method_comparison import RANDOM, SEARCH, SHARE, Figure, MethodComparison, MethodGap

MOST_NAMED = 3
NEAR = 0.02  # shares closer than this are the same to a reader


def method_names(found: MethodComparison) -> dict[str, str]:
    """What each row is called."""
    return {row.method: method_name(row.method) for row in found.rows}


def method_name(method: str) -> str:
    """A method's name; the floor's and the ceiling's own words."""
    key = f"global.explainers.{method}"
    return plain(key if has(key) else f"method.{method}")


def comparison_sentence(found: MethodComparison, measure: str) -> Markdown:
    """Who goes furthest from random order to search, who least, and who cannot say."""
    shares = _shares(found, measure)
    if not shares:
        return t("global.explainers.nothing", measure=_measure(measure))
    ordered = sorted(shares, key=lambda method: -shares[method].value)
    best = [m for m in ordered if shares[ordered[0]].value - shares[m].value <= NEAR][:MOST_NAMED]
    said = t(
        "global.explainers.sentence",
        best=listed([method_name(m) for m in best]),
        share=numbers.percent(shares[best[-1]].value),
        measure=_measure(measure),
        n=found.n_users,
    )
    worst = ordered[-1]
    rest = (
        ""
        if worst in best
        else t("global.explainers.worst", method=method_name(worst), share=numbers.percent(shares[worst].value))
    )
    return joined(said, capital(rest), _below_chance(shares))


def _measure(measure: str) -> str:
    """A measure's name inside a sentence: "deletion", "POS@20"."""
    name = plain(f"global.explainers.{measure}")
    return name if name[:2].isupper() else name[:1].lower() + name[1:]


def _shares(found: MethodComparison, measure: str) -> dict[str, Figure]:
    rows = (row for row in found.rows if row.method not in (RANDOM, SEARCH))
    return {row.method: figure for row in rows if (figure := row.figures.get(measure + SHARE)) is not None}


def _below_chance(shares: dict[str, Figure]) -> str:
    """Methods whose interval holds random order: they are not to be believed here."""
    unsure = [method_name(m) for m, figure in shares.items() if figure.low is not None and figure.low <= 0]
    return t("global.explainers.chance", methods=listed(unsure)) if unsure else ""


def unavailable(found: MethodComparison) -> list[Markdown]:
    """Why some methods have no figures."""
    return [
        t("global.explainers.cannot", method=method_name(row.method), why=_why(row.unavailable))
        for row in found.rows
        if row.unavailable is not None
    ]


def _why(said: Phrase) -> Markdown:
    return core_message(said.key, dict(said.values))


def groups_sentence(found: MethodComparison, method: str, measure: str, name: Callable[[Group], str]) -> Markdown:
    """Whether the explanation is worse for some people, and whether that is more than noise."""
    shown = sum(not group.suppressed for group in found.groups)
    gap = next((g for g in found.gaps if (g.method, g.measure) == (method, measure)), None)
    if shown < 2 or gap is None:
        return t("global.explainers.groups.few", least=found.least_size, n=found.n_users)
    return t(f"global.explainers.groups.{'noise' if gap.within_noise else 'gap'}", **_gap_values(gap, name))


def _gap_values(gap: MethodGap, name: Callable[[Group], str]) -> dict[str, str]:
    return {
        "method": method_name(gap.method),
        "measure": _measure(gap.measure),
        "worst": name(gap.worst),
        "best": name(gap.best),
        "worst_share": numbers.percent(gap.worst_value),
        "best_share": numbers.percent(gap.best_value),
        "low": numbers.percent(gap.low),
        "high": numbers.percent(gap.high),
    }


def comparison_caveats(found: MethodComparison) -> list[Markdown]:
    """On how many users, which seed and background, how the ceiling was found, how long it took."""
    exact = found.n_exact == found.n_users
    ceiling = (
        t("global.explainers.ceiling.exact")
        if exact
        else t("global.explainers.ceiling.searched", n=found.n_users - found.n_exact, all=found.n_users)
    )
    return [
        t("global.explainers.users", n=found.n_users, seed=found.seed),
        t("global.explainers.background", n=found.background),
        ceiling,
        t("explain.caveat.seconds", time=numbers.duration(found.seconds)),
    ]
