"""What the words of a text add, in words."""

from __future__ import annotations

import math

from dashboard.presentation import units, wording
from dashboard.presentation.sentences.explain import background_caveat
from dashboard.presentation.texts import numbers, plain, t
from dashboard.presentation.texts.markdown import Markdown, by_sign
from recsys_core.data.dataset import Dataset
from recsys_core.player import Player
from recsys_core.results.words import WordContribution, WordExplanation

MOST_NAMED = 3


def words_sentence(data: Dataset, found: WordExplanation) -> Markdown:
    """ "Ergonomic +0.40 · grinder +0.15 · coffee +0.09: together +0.64, which is what the title's words add …" """
    words = _strongest(found)
    named = words if len(words) <= MOST_NAMED + 1 else words[:MOST_NAMED]
    said = [t("lab.words.entry", word=w.word, value=_shown(found, w.contribution)) for w in named]
    rest = words[len(named) :]
    if rest:
        said.append(t("lab.words.others", n=len(rest), value=_shown(found, sum(w.contribution for w in rest))))
    reason = wording.feature_name(data, found.player)
    return t("lab.words.sentence", words=Markdown(" · ".join(said)), total=_shown(found, found.total), reason=reason)


def words_alt(data: Dataset, found: WordExplanation) -> str:
    """The marked text in words, the strongest word first."""
    decimals = units.decimals_for((w.contribution for w in found.words), found.units)
    said = ", ".join(f"{w.word} {units.signed(w.contribution, found.units, decimals)}" for w in _strongest(found))
    return plain("lab.words.alt", reason=wording.feature_name(data, found.player), words=said)


def words_caveats(found: WordExplanation, compared_with: str) -> list[str]:
    """How many texts were read, what was drawn, against which background, LIME beside it, how long."""
    exact = t("lab.words.exact", n=2 ** len(found.words)) if found.exact else t("lab.words.drawn", n=found.n_texts)
    contexts = "lab.words.contexts.all" if found.all_contexts else "lab.words.contexts.drawn"
    error = found.standard_error
    said: list[str] = [exact, t(contexts, n=numbers.count(found.n_contexts))]
    if error is not None:
        said.append(t("explain.caveat.error", error=numbers.number(units.on_axis(error, found.units), 1)))
    gap = numbers.number(units.on_axis(abs(found.completeness_gap), found.units), 1)
    said += [background_caveat(compared_with, found.background, found.seed), t("explain.caveat.gap", gap=gap)]
    return [*said, *_lime(found), t("lab.words.cut"), t("explain.caveat.seconds", time=numbers.duration(found.seconds))]


def column_names(data: Dataset, players: tuple[Player, ...]) -> dict[str, str]:
    """What each text is called in the picker, by key."""
    return {player.key: wording.feature_name(data, player) for player in players}


def _lime(found: WordExplanation) -> list[str]:
    if found.lime_fit is None:
        return []
    fit, value = numbers.fixed(found.lime_fit), found.agreement
    if value is None or math.isnan(value):
        return [t("lab.words.lime.fit", fit=fit)]
    return [t("lab.words.lime.agrees", fit=fit, value=numbers.fixed(value))]


def _strongest(found: WordExplanation) -> list[WordContribution]:
    return sorted(found.words, key=lambda w: -abs(w.contribution))


def _shown(found: WordExplanation, value: float) -> Markdown:
    decimals = units.decimals_for((w.contribution for w in found.words), found.units)
    return by_sign(value, units.said(value, found.units, decimals))
