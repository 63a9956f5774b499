"""Why this item for this user, in one or two sentences."""

from __future__ import annotations

import math

from dashboard.reasons import Reason
from dashboard.texts import joined, numbers, plain, t
from dashboard.texts.markdown import Markdown, by_sign, escape
from recsys_core.explain.agreement import Agreement
from recsys_core.results import Explanation, RankedItem

LIST_LENGTH = 10
SHAPLEY_VALUES = ("shapley", "shap")
LEAST_SHARE = 0.04  # of the summed sizes: below this a reason is not worth a sentence
CLOSE, MOSTLY, PARTLY = 0.9, 0.7, 0.4


def title(item: RankedItem, user: str) -> Markdown:
    """The question, by whether the item is on the list, is not, or was met before."""
    key = "seen" if item.rank == 0 else "on_list" if item.rank <= LIST_LENGTH else "off_list"
    return t(f"explain.title.{key}", item=item.title, user=user)


def sentence(found: list[Reason], item: RankedItem, n_candidates: int) -> Markdown:
    """The strongest reasons for and against, then the place on the list and the probability."""
    total = sum(abs(r.contribution) for r in found)
    worth = [r for r in found if abs(r.contribution) >= LEAST_SHARE * total]
    decimals = numbers.decimals_for(r.contribution for r in found)
    pro = [_said(r, decimals) for r in worth if r.contribution > 0]
    con = [_said(r, decimals) for r in worth if r.contribution < 0]
    recommended = 0 < item.rank <= LIST_LENGTH or (item.rank == 0 and len(pro) > 0)
    first, second = ("for", "against") if recommended else ("against", "for")
    because, despite = (pro, con) if recommended else (con, pro)
    why = Markdown(f"{_because(first, because)}{_despite(second, despite)}")
    return joined(why, _place(item, n_candidates))


def _because(side: str, said: list[Markdown]) -> str:
    if not said:
        return t(f"explain.because.{side}.none")
    if len(said) == 1:
        return t(f"explain.because.{side}.one", first=said[0])
    return t(f"explain.because.{side}.two", first=said[0], second=said[1])


def _despite(side: str, said: list[Markdown]) -> str:
    return t(f"explain.despite.{side}", first=said[0]) if said else t("explain.despite.none")


def _said(reason: Reason, decimals: int) -> Markdown:
    shown = by_sign(reason.contribution, f"({numbers.signed(reason.contribution, decimals)})")
    return Markdown(f"{escape(reason.label)} {shown}")


def _place(item: RankedItem, n_candidates: int) -> Markdown:
    shown = numbers.fixed(item.probability)
    if item.rank == 0:
        return t("explain.place.seen", probability=shown)
    return t("explain.place", rank=item.rank, n=n_candidates, probability=shown)


def doubts(explanation: Explanation, task: str, agreement: Agreement | None = None) -> list[str]:
    """Exactness, background, gap, time, and how far another method agrees."""
    n = len(explanation.contributions)
    error = explanation.standard_error
    exact = (
        t("explain.doubt.exact", n=n)
        if error is None
        else t("explain.doubt.sampled", n=n, error=numbers.number(error, 1))
    )
    found = [
        exact,
        t("explain.doubt.background", n=explanation.background, seed=explanation.seed),
        t("explain.doubt.gap", gap=numbers.number(abs(explanation.completeness_gap), 1)),
        t("explain.doubt.seconds", time=numbers.duration(explanation.seconds)),
        t(f"task.{task}"),
    ]
    if agreement is not None and not math.isnan(agreement.rank_correlation):
        found.append(t("explain.doubt.agreement", value=numbers.fixed(agreement.rank_correlation)))
    return found


def kind(explanation: Explanation) -> Markdown:
    """What a method's contributions are: exact or sampled Shapley values, or another thing altogether."""
    if explanation.method not in SHAPLEY_VALUES:
        return t(f"explain.kind.{explanation.method}")
    return t(f"explain.kind.{'exact' if explanation.exact else 'sampled'}", n=len(explanation.contributions))


def second_doubts(second: Explanation) -> list[str]:
    """What the second method's figures are, their gap, fit and time."""
    found = [kind(second), t("explain.doubt.gap", gap=numbers.number(abs(second.completeness_gap), 2))]
    if second.fit is not None:
        found.append(t("explain.doubt.fit", fit=numbers.fixed(second.fit)))
    if second.standard_error is not None:
        found.append(t("explain.doubt.error", error=numbers.number(second.standard_error, 1)))
    return [*found, t("explain.doubt.seconds", time=numbers.duration(second.seconds))]


def agreement_sentence(agreement: Agreement, method: str) -> Markdown:
    """How far the second method says the same, in words and figures."""
    rho = agreement.rank_correlation
    grade = (
        "different"
        if math.isnan(rho) or rho < PARTLY
        else "partly"
        if rho < MOSTLY
        else "mostly"
        if rho < CLOSE
        else "close"
    )
    return t(
        f"explain.agrees.{grade}",
        method=plain(f"method.{method}"),
        kept=round(3 * agreement.top_3_kept),
        rho=numbers.fixed(rho),
    )
