"""An explanation as a paragraph of plain text, short or full, built from its numbers alone: to be copied and sent."""

from __future__ import annotations

import math
from dataclasses import dataclass

from dashboard.presentation import units as written_in
from dashboard.presentation.sentences.explain import LEAST_SHARE, LIST_LENGTH
from dashboard.presentation.texts import listed, numbers, plain
from dashboard.presentation.variants import plain_variant
from dashboard.presentation.wording import Reason
from recsys_core.explain.agreement import Agreement
from recsys_core.explain.backgrounds import BackgroundChoice
from recsys_core.results import Explanation, RankedItem
from recsys_core.results.units import LOGIT

SHORT, FULL = "short", "full"
LENGTHS = (SHORT, FULL)
NAMED = {SHORT: (3, 1), FULL: (5, 5)}  # reasons of the side that explains the place, and of the other one


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a paragraph says beside the reasons.

    ``user`` and ``background`` are names, ``task`` is the model's. ``agreement`` and ``fit`` are of LIME, the second
    method; None where it was not asked.
    """

    user: str
    item: RankedItem
    n_candidates: int
    background: str
    task: str
    agreement: Agreement | None = None
    fit: float | None = None


def paragraph(explanation: Explanation, found: list[Reason], about: Circumstances, *, length: str = SHORT) -> str:
    """The explanation in plain text.

    ``found`` are its reasons in words, the largest first. Every number is one of the explanation's: place, score, base,
    contributions and their sums, counts, and the doubt.
    """
    sides = {"for": [r for r in found if r.contribution > 0], "against": [r for r in found if r.contribution < 0]}
    listed_or_seen = about.item.rank <= LIST_LENGTH
    order = ("for", "against") if listed_or_seen else ("against", "for")
    reasons = [
        _side(side, sides[side], explanation, most=most, with_rest=length == FULL)
        for side, most in zip(order, NAMED[length], strict=True)
    ]
    parts = [_place(explanation, about), *reasons]
    if length == FULL:
        parts.insert(1, _sums(explanation, sides["for"], sides["against"], about))
        parts += [_without(explanation, found), _doubt(explanation), _agreement(about), _model(explanation)]
    return plain("sentence.join").join(part for part in parts if part)


def _decimals(explanation: Explanation) -> int:
    return written_in.decimals_for((c.contribution for c in explanation.contributions), explanation.units)


def _place(explanation: Explanation, about: Circumstances) -> str:
    """Whether the item is on the list, where it stands, and its chance."""
    item = about.item
    key = "seen" if not item.rank else "on_list" if item.rank <= LIST_LENGTH else "off_list"
    chance = {"probability": numbers.fixed(explanation.probability), "logit": numbers.signed(explanation.logit)}
    if explanation.units != LOGIT:
        said = plain("paragraph.chance.points", probability=written_in.score(explanation.score, explanation.units))
    else:
        said = plain("paragraph.chance.rating" if about.task == "rating" else "paragraph.chance", **chance)
    place = {"rank": item.rank, "n": about.n_candidates, "k": LIST_LENGTH}
    return plain(f"paragraph.place.{key}", item=item.title, user=about.user, chance=said, **place)


def _sums(explanation: Explanation, pro: list[Reason], con: list[Reason], about: Circumstances) -> str:
    """From the background's mean score to this one: how many reasons, and what those on each side add."""
    units, decimals = explanation.units, _decimals(explanation)
    n = len(explanation.contributions)
    neither = n - len(pro) - len(con)
    shown = {
        "difference": explanation.score - explanation.base_value,
        "for_it": sum(r.contribution for r in pro),
        "against_it": sum(r.contribution for r in con),
    }
    said = plain(
        "paragraph.sums",
        background=about.background,
        base=written_in.score(explanation.base_value, units),
        n=n,
        n_for=len(pro),
        n_against=len(con),
        **{name: written_in.said(value, units, decimals) for name, value in shown.items()},
    )
    return plain("sentence.join").join([said, plain("paragraph.neither", n=neither)]) if neither else said


def _side(side: str, reasons: list[Reason], explanation: Explanation, *, most: int, with_rest: bool) -> str:
    """The reasons of one side with their contributions; ``with_rest``: those that are not named together."""
    units, total = explanation.units, sum(abs(c.contribution) for c in explanation.contributions)
    decimals = _decimals(explanation)
    alone = [r for r in reasons[:most] if abs(r.contribution) >= LEAST_SHARE * total]
    rest = reasons[len(alone) :] if with_rest else []
    if not alone:
        return plain(f"paragraph.{side}.none")
    said = [(r.label, r.contribution) for r in alone]
    if rest:
        said.append((plain("reason.others", n=len(rest)), sum(r.contribution for r in rest)))
    named = [plain("explain.said", reason=name, value=written_in.said(value, units, decimals)) for name, value in said]
    return plain(f"paragraph.{side}", reasons=listed(named))


def _without(explanation: Explanation, found: list[Reason]) -> str:
    """The probability without the largest reason."""
    largest = next((r for r in found if r.contribution), None)
    if largest is None or largest.probability_without is None:
        return ""
    decimals = written_in.decimals_between(explanation.probability, largest.probability_without)
    shown = (explanation.probability, largest.probability_without)
    before, after = (numbers.fixed(value, decimals) for value in shown)
    return plain("paragraph.without", reason=largest.label, probability=after, before=before)


def _doubt(explanation: Explanation) -> str:
    """Exact or sampled with its error, against how many rows, and how far the sum misses the score."""
    error = explanation.standard_error
    key = "paragraph.doubt.exact" if explanation.exact else "paragraph.doubt.sampled"
    of_item = BackgroundChoice.parse(explanation.compared_with).kind == "item"
    rows = "paragraph.rows.item" if of_item else "paragraph.rows"
    return plain(
        key,
        rows=plain(rows, n=explanation.background, seed=explanation.seed),
        gap=numbers.number(abs(explanation.completeness_gap), 1),
        error=numbers.number(0.0 if error is None else written_in.on_axis(error, explanation.units), 1),
    )


def _agreement(about: Circumstances) -> str:
    """How far LIME says the same; nothing where it was not asked or has no order."""
    found = about.agreement
    if found is None or math.isnan(found.rank_correlation):
        return ""
    return plain("paragraph.agreement", value=numbers.fixed(found.rank_correlation), fit=numbers.fixed(about.fit))


def _model(explanation: Explanation) -> str:
    """Which model, where it is not the full one."""
    compressed = not explanation.variant.is_dense
    return plain("paragraph.model", variant=plain_variant(explanation.variant)) if compressed else ""
