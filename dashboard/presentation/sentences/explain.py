"""Why this item for this user, in one or two sentences."""

from __future__ import annotations

import math

import pandas as pd

from dashboard.presentation import units as written_in
from dashboard.presentation.texts import capital, joined, listed, numbers, plain, t
from dashboard.presentation.texts.markdown import Markdown, by_sign
from dashboard.presentation.variants import plain_variant
from dashboard.presentation.wording import Reason
from recsys_core.explain.agreement import TOP, Agreement, Disagreement
from recsys_core.explain.backgrounds import AVERAGE, BackgroundChoice
from recsys_core.explain.methods import METHODS
from recsys_core.results import Explanation, RankedItem, Recommendation
from recsys_core.results.units import LOGIT, Units
from recsys_core.variant import DENSE, ModelVariant

LIST_LENGTH = 10
LEAST_SHARE = 0.04  # of the summed sizes: below this a reason is not worth a sentence
CLOSE, MOSTLY, PARTLY = 0.9, 0.7, 0.4
MOST_ENTRIES = 3  # known positives that are named, the strongest first
POOR_FIT = 0.7  # LIME's R² below which its figures are not to be read one by one


def title(item: RankedItem, user: str) -> Markdown:
    """The question, by whether the item is on the list, is not, or was met before."""
    key = "seen" if item.rank == 0 else "on_list" if item.rank <= LIST_LENGTH else "off_list"
    return t(f"explain.title.{key}", item=item.title, user=user)


def sentence(
    found: list[Reason],
    item: RankedItem,
    n_candidates: int,
    variant: ModelVariant = DENSE,
    units: Units = LOGIT,
) -> Markdown:
    """The strongest reasons for and against, the place, the probability with and without the first, and who says so."""
    total = sum(abs(r.contribution) for r in found)
    worth = [r for r in found if abs(r.contribution) >= LEAST_SHARE * total and r.contribution]
    decimals = written_in.decimals_for((r.contribution for r in found), units)
    pro = [_said(r, units, decimals) for r in worth if r.contribution > 0]
    con = [_said(r, units, decimals) for r in worth if r.contribution < 0]
    recommended = 0 < item.rank <= LIST_LENGTH or (item.rank == 0 and len(pro) > 0)
    first, second = ("for", "against") if recommended else ("against", "for")
    because, despite = (pro, con) if recommended else (con, pro)
    why = Markdown(f"{_because(first, because)}{_despite(second, despite)}")
    by = "" if variant.is_dense else t("explain.by", variant=plain_variant(variant))
    first_named = next((r for r in worth if (r.contribution > 0) == (first == "for")), None)
    without = None if first_named is None else first_named.probability_without
    decimals = written_in.decimals_between(item.probability, without)
    return joined(why, _rank_and_probability(item, n_candidates, decimals), _without(first_named, decimals), by)


def _without(reason: Reason | None, decimals: int) -> str:
    """The probability if the first reason were any other case's."""
    if reason is None or reason.probability_without is None:
        return ""
    shown = numbers.fixed(reason.probability_without, decimals)
    return t("explain.place.without", reason=reason.label, probability=shown)


def _because(side: str, said: list[Markdown]) -> str:
    if not said:
        return t(f"explain.because.{side}.none")
    if len(said) == 1:
        return t(f"explain.because.{side}.one", first=said[0])
    return t(f"explain.because.{side}.two", first=said[0], second=said[1])


def _despite(side: str, said: list[Markdown]) -> str:
    return t(f"explain.despite.{side}", first=said[0]) if said else t("explain.despite.none")


def _said(reason: Reason, units: Units, decimals: int) -> Markdown:
    shown = by_sign(reason.contribution, written_in.said(reason.contribution, units, decimals))
    return t("explain.said", reason=reason.label, value=shown)


def _rank_and_probability(item: RankedItem, n_candidates: int, decimals: int) -> Markdown:
    shown = numbers.fixed(item.probability, decimals)
    if item.rank == 0:
        return t("explain.place.seen", probability=shown)
    return t("explain.place", rank=item.rank, n=n_candidates, probability=shown)


def caveats(
    explanation: Explanation, task: str, agreement: Agreement | None = None, fit: float | None = None
) -> list[str]:
    """Exactness, background, gap, time, and how far LIME, a second method, agrees and how well it fits."""
    error = explanation.standard_error
    found = [
        kind(explanation),
        "" if error is None else t("explain.caveat.error", error=numbers.number(error, 1)),
        background_caveat(explanation.compared_with, explanation.background, explanation.seed),
        _units(explanation),
        t("explain.caveat.gap", gap=numbers.number(abs(explanation.completeness_gap), 1)),
        t("explain.caveat.seconds", time=numbers.duration(explanation.seconds)),
        t(f"task.{task}"),
    ]
    if agreement is not None and not math.isnan(agreement.rank_correlation):
        shown = {"value": numbers.fixed(agreement.rank_correlation), "fit": numbers.fixed(fit)}
        found.append(t("explain.caveat.agreement", **shown))
    return found


def background_caveat(compared_with: str, n: int, seed: int) -> Markdown:
    """How many rows of which background."""
    choice = BackgroundChoice.parse(compared_with)
    if choice.kind == "item":
        return t("explain.caveat.background.item")
    key = "explain.caveat.background" if choice == AVERAGE else "explain.caveat.background.segment"
    return t(key, n=n, seed=seed, segment=choice.name)


def _units(explanation: Explanation) -> str:
    """That the figures are no logits, where they are none."""
    if explanation.units == LOGIT:
        return ""
    of_probability = "probability" if METHODS[explanation.method].is_shapley else "probability.other"
    return t(f"explain.caveat.units.{of_probability}")


def kind(explanation: Explanation) -> Markdown:
    """What a method's contributions are: exact or sampled Shapley values, or another thing altogether."""
    if not METHODS[explanation.method].is_shapley:
        return t(f"method.kind.{explanation.method}")
    return t(f"explain.kind.{'exact' if explanation.exact else 'sampled'}", n=len(explanation.contributions))


def second_caveats(second: Explanation) -> list[str]:
    """What the second method's figures are, their gap, fit and time."""
    gap = t("explain.caveat.gap", gap=numbers.number(abs(second.completeness_gap), 2))
    found = [kind(second), *([units] if (units := _units(second)) else []), gap]
    if second.fit is not None:
        found.append(t("explain.caveat.fit", fit=numbers.fixed(second.fit)))
    if second.standard_error is not None:
        found.append(t("explain.caveat.error", error=numbers.number(second.standard_error, 1)))
    return [*found, t("explain.caveat.seconds", time=numbers.duration(second.seconds))]


def agreement_sentence(
    agreement: Agreement, second: Explanation, differ: tuple[Disagreement, ...], words: dict[str, str]
) -> Markdown:
    """How far the second method says the same, on which reasons it does not, and what to make of it."""
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
    said = t(
        f"explain.agrees.{grade}",
        method=plain(f"method.{second.method}"),
        n=min(TOP, agreement.n_common),
        kept=round(min(TOP, agreement.n_common) * agreement.top_3_overlap) if agreement.n_common else 0,
        rho=numbers.fixed(rho),
    )
    if second.fit is not None and second.fit < POOR_FIT:
        advice = t("explain.advice.poor_fit", fit=numbers.fixed(second.fit))
    elif any(d.changes_sign for d in differ):
        advice = t("explain.advice.sign")
    else:
        advice = t(f"explain.advice.{'one' if differ or grade in ('partly', 'different') else 'none'}")
    names = plain(f"method.{second.method}"), plain("method.shapley")
    named = [disagreement(d, words, *names, units=second.units) for d in differ]
    return joined(capital(said), *named, advice)


def disagreement(
    found: Disagreement, words: dict[str, str], second: str, first: str, *, units: Units = LOGIT
) -> Markdown:
    """ "LIME sees region: islands at −0.55 where Shapley has −0.08." """
    decimals = written_in.decimals_for([found.first, found.second], units)
    key = "explain.differs.sign" if found.changes_sign else "explain.differs"
    shown = {
        name: by_sign(value, written_in.said(value, units, decimals))
        for name, value in (("there", found.second), ("here", found.first))
    }
    return capital(t(key, reason=words[found.feature], first=first, second=second, **shown))


def two_models(
    items: list[RankedItem], differ: tuple[Disagreement, ...], words: dict[str, str], units: Units = LOGIT
) -> Markdown:
    """Where the item stands by the full and by the compressed model, and whose reasons differ."""
    before, after = items
    places = {"before": _rank(before), "after": _rank(after)}
    chances = {"first": numbers.fixed(before.probability), "second": numbers.fixed(after.probability)}
    models = plain("explain.model.compressed"), plain("explain.model.dense")
    named = [disagreement(d, words, *models, units=units) for d in differ]
    same = [] if differ else [t("explain.two_models.same")]
    return joined(t("explain.two_models", item=before.title, **places, **chances), *named, *same)


def _rank(item: RankedItem) -> str:
    return plain("explain.rank", rank=item.rank) if item.rank else plain("explain.rank.none")


def model_title(name: str, variant: ModelVariant) -> Markdown:
    """What stands over a waterfall of one of two models."""
    return t(f"explain.model.{name}.title", variant=plain_variant(variant))


def marked(rows: pd.DataFrame) -> Markdown:
    """How much of what the column says the marked items carry; nothing where nothing moves."""
    n, total = int(rows["marked"].sum()), float(rows["shown"].abs().sum())
    if not n:
        return Markdown("")
    share = numbers.percent(float(rows["shown"][rows["marked"]].abs().sum()) / total)
    key = "explain.marked.each" if "contribution" in rows else "explain.marked.without"
    return t(key, n=n, share=share)


def taken_before(n: int, explanation: Explanation, *, has_order: bool) -> Markdown:
    """How many items the history shows, and of how many where the item-item term counts more."""
    every = len(explanation.item_item.items) if explanation.item_item is not None else n
    order = "" if has_order else ".random"
    if every > n:
        return t(f"explain.history.newest{order}", n=n, all=every)
    return t(f"explain.history.n{order}", n=n)


def item_item(explanation: Explanation) -> Markdown:
    """What the item-item term is of the history's bar, and which items carry it; nothing where there is no term."""
    share = explanation.item_item
    if share is None:
        return Markdown("")
    if explanation.units != LOGIT:  # nothing of the term is apart in a probability
        return Markdown("")
    history = sum(c.contribution for c in explanation.contributions if c.player.side == "history")
    tied = [entry for entry in share.items if entry.contribution]
    alone = tied if len(tied) <= MOST_ENTRIES + 1 else tied[:MOST_ENTRIES]
    figures = {"history": history, "difference": share.difference, "total": share.total, "background": share.background}
    decimals = numbers.decimals_for([*figures.values(), *(entry.contribution for entry in alone)])

    def shown(value: float) -> Markdown:
        return by_sign(value, numbers.signed(value, decimals))

    named = [t("explain.item_item.entry", title=e.title, value=shown(e.contribution)) for e in alone]
    if rest := tied[len(alone) :]:
        named.append(t("explain.item_item.others", n=len(rest), value=shown(sum(e.contribution for e in rest))))
    strongest = Markdown(plain("list.join").join(named))
    values = {name: shown(value) for name, value in figures.items()}
    return t("explain.item_item", strongest=strongest, **values) if tied else t("explain.item_item.none", **values)


def history_caveats(explanation: Explanation, shared: Explanation | None) -> list[str]:
    """What the columns of the history mean, and that the shares sum to the history's bar."""
    units, whole = explanation.units, written_in.score(explanation.score, explanation.units)
    suffix = "" if units == LOGIT else f".{units}"
    found: list[str] = [t(f"explain.history.without_caveat{suffix}", score=whole)]
    if shared is None:
        return found
    parts = [c.contribution for c in shared.contributions if c.player.side == "history"]
    error = shared.standard_error
    how = t("explain.history.exact") if error is None else t("explain.caveat.error", error=numbers.number(error, 1))
    earlier = [
        t("explain.history.earlier", n=c.value, value=_three(c.contribution, units))
        for c in shared.contributions
        if c.player.is_earlier
    ]
    return [t("explain.history.caveat", total=_three(sum(parts), units)), *earlier, how, *found]


def _three(value: float, units: Units) -> str:
    """As the history's table writes it: three decimals of a logit, or as many as points need."""
    return written_in.said(value, units, 3 if units == LOGIT else None)


def ties(recommendation: Recommendation) -> str:
    """How many of the list share their score with others, and that their order says nothing; empty where none do."""
    n = recommendation.n_tied_listed
    return t("explain.top.ties", n=n, all=recommendation.n_tied) if n else ""


def reranked(variant: ModelVariant) -> Markdown | str:
    """What the order of a re-ranked list means; empty where the list is by score."""
    asked = variant.reranking
    if asked.is_identity:
        return ""
    methods = listed([plain(f"mend.method.{name}") for name in asked.names])
    key = "mend.explain.threshold" if asked.names == ("threshold",) else "mend.explain"
    return t(key, method=methods, strength=numbers.percent(asked.strength))
