"""What drives the model, in a sentence."""

from __future__ import annotations

from dashboard.presentation import units as written_in
from dashboard.presentation.charts.overall import TIED
from dashboard.presentation.texts import capital, joined, listed, numbers, plain, t
from dashboard.presentation.texts.markdown import Markdown, by_sign, escape, supporting
from dashboard.presentation.wording import amount, in_words, shorten
from recsys_core.data.dataset import Dataset
from recsys_core.explain.global_explanation import GlobalExplanation
from recsys_core.explain.value_effects import ValueEffect
from recsys_core.player import Player
from recsys_core.results.units import LOGIT, Units

NEXT_TO_NOTHING = 0.02
MOST_NAMED = 3


def sentence(found: GlobalExplanation, names: dict[Player, str]) -> Markdown:
    """The strongest reasons, one or two, with their share of all that the model says, and those that do nearly nothing.

    A second one that does next to nothing itself is not named among the strongest.
    """
    order = [int(i) for i in found.order]
    if len(order) < 2 or found.share[order[0]] == 0:
        return t("global.sentence.nothing")
    first, second = (escape(names[found.players[i]]) for i in order[:2])
    n_named = 1 if found.share[order[1]] < NEXT_TO_NOTHING else 2
    share = supporting(numbers.percent(float(found.share[order[:n_named]].sum())))
    key = "global.sentence.one" if n_named == 1 else "global.sentence"
    said = capital(t(key, first=first, second=second, share=share))
    return joined(said, _tied(found, names, n_named), _idle(found, names))


def _tied(found: GlobalExplanation, names: dict[Player, str], n_named: int) -> Markdown:
    """Whether those that were named could as well be in the other order, or the last of them be the next."""
    order, tied = [int(i) for i in found.order], found.tied_with_next
    at = next((k for k in range(min(n_named, len(order) - 1)) if tied[k]), None)
    if at is None:
        return Markdown("")
    first, second = (escape(names[found.players[i]]) for i in order[at : at + 2])
    return capital(t("global.sentence.tied", first=first, second=second, n=found.n_pairs))


def _idle(found: GlobalExplanation, names: dict[Player, str]) -> Markdown:
    least = [int(i) for i in reversed(found.order)]
    idle = [names[found.players[i]] for i in least if found.share[i] < NEXT_TO_NOTHING][:MOST_NAMED]
    if not idle:
        return Markdown("")
    return t("global.sentence.idle", names=listed(idle))


def tied_caveat(found: GlobalExplanation) -> str:
    return t("global.sizes.tied", mark=TIED) if found.tied_with_next.any() else ""


def picked(marks: list[dict]) -> str | None:
    """The reason of the bar that was clicked."""
    return marks[0].get("feature") if marks else None


def value_words(data: Dataset, player: Player, effect: ValueEffect) -> str:
    """A value or a range of values as a person reads it."""
    if effect.kind == "missing":
        return plain("value.unknown")
    if effect.kind == "rest":
        return plain("global.values.rest")
    if effect.start is not None:
        return plain("global.interval", low=amount(effect.start), high=in_words(data, player, effect.end))
    return shorten(in_words(data, player, effect.value))


def _is_clear(effect: ValueEffect) -> bool:
    """Whether the interval keeps clear of nothing."""
    return effect.low is not None and effect.high is not None and (effect.low > 0 or effect.high < 0)


def value_sentence(
    data: Dataset, player: Player, name: str, effects: tuple[ValueEffect, ...], units: Units = LOGIT
) -> Markdown:
    """The values that push most up and most down, where their intervals keep clear of nothing."""
    clear = [e for e in effects if _is_clear(e)]
    best, worst = (pick(clear, key=lambda e: e.mean, default=None) for pick in (max, min))
    said = [
        t(
            f"global.values.{key}",
            value=value_words(data, player, e),
            by=by_sign(e.mean, written_in.said(e.mean, units)),
            n=e.n,
        )
        for key, e in (("for", best), ("against", worst))
        if e is not None and (e.mean > 0) == (key == "for")
    ]
    if not said:
        return capital(t("global.values.nothing", reason=name))
    return joined(capital(t("global.values.which", reason=name)), *said)


def caveats(found: GlobalExplanation, task: str, *, of_one: int, has_term: bool = False) -> list[str]:
    """Pairs, seed, background (``of_one``: that of a single explanation), intervals, time, task, what a history is."""
    return [
        t("global.caveat.pairs", n=found.n_pairs),
        t("global.caveat.seed", seed=found.seed),
        t("global.caveat.background", n=found.background, one=of_one),
        t("global.caveat.interval"),
        "" if found.units == LOGIT else t("explain.caveat.units.probability"),
        t("global.caveat.item_item") if has_term else "",
        t("explain.caveat.seconds", time=numbers.duration(found.seconds)),
        t(f"task.{task}"),
    ]
