"""How far one explanation can be believed, in sentences built from its figures."""

from __future__ import annotations

import math

from dashboard.presentation import units as written_in
from dashboard.presentation.texts import joined, listed, numbers, plain, t
from dashboard.presentation.texts.markdown import Markdown, by_sign
from recsys_core.explain.agreement import Disagreement, disagreements
from recsys_core.results import Explanation
from recsys_core.results.trust import Trust
from recsys_core.results.units import LOGIT, Units

MOST_CHANGED = 3


def sentence(trust: Trust) -> Markdown:
    """What its strongest reasons do when taken away, how other methods agree, and what small changes leave."""
    return joined(removal(trust), agreement(trust), stability(trust))


def removal(trust: Trust) -> Markdown:
    """ "Removing its top 3 reasons drops the score by 2.1 (random 0.4)." """
    curves, units, n = trust.removal, trust.units, trust.n_removed
    if not n:
        return t("lab.trust.removal.nothing")
    drops = curves.drop(n), curves.random_drop(n)
    decimals = written_in.decimals_for(drops, units)
    shown = [written_in.said(-drop, units, decimals) for drop in drops]
    change = by_sign(-drops[0], shown[0])
    key = "lab.trust.removal.one" if n == 1 else "lab.trust.removal"
    return t(key if units == LOGIT else f"{key}.{units}", n=n, drop=change, random=shown[1])


def agreement(trust: Trust) -> Markdown:
    """Between which rank correlations the other methods agree."""
    known = [a.rank_correlation for a in trust.agreements if not math.isnan(a.rank_correlation)]
    if not known:
        return t("lab.trust.agreement.none")
    n, low, high = len(known), numbers.fixed(min(known)), numbers.fixed(max(known))
    return t("lab.trust.agreement.same" if low == high else "lab.trust.agreement", n=n, low=low, high=high)


def stability(trust: Trust) -> Markdown:
    """For which share of the small changes the strongest reasons stay."""
    if not trust.n_strongest:
        return t("lab.trust.stability.nothing")
    if trust.share_kept is None:
        return t("lab.trust.stability.none")
    share, n = numbers.percent(trust.share_kept), trust.n_changes
    key = "lab.trust.stability.one" if trust.n_strongest == 1 else "lab.trust.stability"
    return t(key, k=trust.n_strongest, share=share, n=n)


def unanswered(trust: Trust) -> str:
    """Which methods cannot explain this model in this way; empty where all can."""
    if not trust.unanswered:
        return ""
    names = [plain(f"method.{name}") for name in trust.unanswered]
    return t("lab.trust.unanswered", methods=listed(names), n=len(names))


def caveats(trust: Trust, explanation: Explanation) -> list[str]:
    """The explanation's gap, error and fit, its background, and how long the examination took."""
    gap = written_in.on_axis(abs(trust.completeness_gap), trust.units)
    error = None if trust.standard_error is None else written_in.on_axis(trust.standard_error, trust.units)
    return [
        t("explain.caveat.gap", gap=numbers.number(gap, 1)),
        t("explain.history.exact") if trust.exact else "",
        "" if error is None else t("explain.caveat.error", error=numbers.number(error, 1)),
        "" if trust.fit is None else t("explain.caveat.fit", fit=numbers.fixed(trust.fit)),
        t("lab.trust.caveat.random"),
        t("lab.trust.caveat.seed", seed=explanation.seed),
        t("explain.caveat.seconds", time=numbers.duration(trust.seconds)),
    ]


def switched(before: Explanation, after: Explanation, words: dict[str, str], names: tuple[str, str]) -> Markdown:
    """What changes with another background: the base, and the reasons that change most."""
    units, (first, second) = after.units, names
    ends = [written_in.score(e.base_value, units) for e in (before, after)]
    base = t("lab.trust.switched", first=first, second=second, before=ends[0], after=ends[1])
    differ = disagreements(before, after, limit=MOST_CHANGED)
    if not differ:
        return joined(base, t("lab.trust.switched.same"))
    return joined(base, *(_turned(d, words, units) for d in differ))


def _turned(found: Disagreement, words: dict[str, str], units: Units) -> Markdown:
    decimals = written_in.decimals_for([found.first, found.second], units)
    shown = [by_sign(v, written_in.said(v, units, decimals)) for v in (found.first, found.second)]
    key = "lab.trust.turned.sign" if found.changes_sign else "lab.trust.turned"
    return t(key, reason=words[found.feature], before=shown[0], after=shown[1])
