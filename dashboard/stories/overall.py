"""What drives the model, in a sentence."""

from __future__ import annotations

from dashboard.texts import capital, joined, listed, numbers, t
from dashboard.texts.markdown import Markdown, escape, supporting
from recsys_core.explain.overall import GlobalExplanation

NEXT_TO_NOTHING = 0.02
MOST_NAMED = 3


def sentence(found: GlobalExplanation, names: dict[str, str]) -> Markdown:
    """The two strongest reasons with their share of all that the model says, and those that do next to nothing."""
    order = [int(i) for i in found.order]
    if len(order) < 2 or found.share[order[0]] == 0:
        return t("global.sentence.nothing")
    first, second = (escape(names[found.players[i]]) for i in order[:2])
    share = supporting(numbers.percent(float(found.share[order[:2]].sum())))
    said = capital(t("global.sentence", first=first, second=second, share=share))
    idle = [names[found.players[i]] for i in reversed(order) if found.share[i] < NEXT_TO_NOTHING][:MOST_NAMED]
    if not idle:
        return said
    key = "global.sentence.idle.one" if len(idle) == 1 else "global.sentence.idle"
    return joined(said, capital(t(key, names=listed(idle))))


def doubts(found: GlobalExplanation, task: str) -> list[str]:
    return [
        t("global.doubt.pairs", n=found.n_pairs),
        t("global.doubt.seed", seed=found.seed),
        t("global.doubt.background", n=found.background),
        t("global.doubt.interval"),
        t("explain.doubt.seconds", time=numbers.duration(found.seconds)),
        t(f"task.{task}"),
    ]
