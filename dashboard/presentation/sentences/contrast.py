"""Why one item stands below another, what it lacks to enter the list, and what the list has in common."""

from __future__ import annotations

from dashboard.presentation import units as written_in
from dashboard.presentation.sentences.explain import LEAST_SHARE, background_caveat
from dashboard.presentation.tables.contrast import CommonLine, ContrastLine
from dashboard.presentation.texts import joined, listed, numbers, t
from dashboard.presentation.texts.markdown import Markdown, by_sign, escape
from recsys_core.results import RankedItem
from recsys_core.results.contrast import CommonReasons, Contrast, EntryGap
from recsys_core.results.units import Units

MOST_NAMED = 3


def lower_first(first: RankedItem, second: RankedItem) -> tuple[RankedItem, RankedItem]:
    """The item that a contrast is told of, which scores less, and the other one; of equals as they come."""
    return (second, first) if second.score < first.score else (first, second)


def contrast_sentence(
    found: Contrast, lines: list[ContrastLine], items: tuple[RankedItem, RankedItem], *, by_score: bool = True
) -> Markdown:
    """Where the lower item stands beside the other, what it loses by, and what speaks for it."""
    if found.is_same_item:
        return t("contrast.same", item=found.title)
    return joined(_place(items, by_score=by_score), _losses(found, lines), *_seen(items))


def _place(items: tuple[RankedItem, RankedItem], *, by_score: bool) -> Markdown:
    item, other = items
    names = {"item": item.title, "other": other.title}
    chances = {"probability": numbers.fixed(item.probability), "other_probability": numbers.fixed(other.probability)}
    if item.score == other.score:
        return t("contrast.equal", **names, probability=chances["probability"])
    if not (item.rank and other.rank):
        return t("contrast.unranked", **names, **chances)
    ranks = {"rank": item.rank, "other_rank": other.rank, "n": abs(item.rank - other.rank)}
    key = "lower" if item.rank > other.rank else "higher"
    if key == "higher" and by_score:  # equal to the last digit that is shown, and told apart by the order of ties
        return t("contrast.equal", **names, probability=chances["probability"])
    return t(f"contrast.{key}", **names, **chances, **ranks)


def _losses(found: Contrast, lines: list[ContrastLine]) -> Markdown:
    """The heaviest reasons against, what speaks for it, and the sum."""
    total = sum(abs(line.contribution) for line in lines)
    if not total:
        return t("contrast.nothing")
    worth = [line for line in lines if abs(line.contribution) >= LEAST_SHARE * total]
    against = [line for line in worth if line.contribution < 0]
    pro = [line for line in reversed(worth) if line.contribution > 0]
    decimals = written_in.decimals_for((line.contribution for line in lines), found.units)
    by = t("contrast.loses", reasons=_named(against, found.units, decimals)) if against else t("contrast.loses.none")
    key = "contrast.gains.none" if not pro else "contrast.gains.only" if len(pro) == 1 else "contrast.gains"
    for_it = t(key, reasons=_named(pro, found.units, decimals)) if pro else t(key)
    difference = found.score_difference
    in_all = t("contrast.in_all", difference=_signed(difference, found.units, decimals))
    return joined(Markdown(f"{by}{for_it}"), in_all)


def _signed(value: float, units: Units, decimals: int) -> Markdown:
    return by_sign(value, written_in.said(value, units, decimals))


def _named(lines: list[ContrastLine], units: Units, decimals: int) -> Markdown:
    """ "category (−0.80), price (−0.22) and 2 others (−0.10)" """
    alone = lines if len(lines) <= MOST_NAMED + 1 else lines[:MOST_NAMED]
    said = [(line.name, line.contribution) for line in alone]
    if rest := lines[len(alone) :]:
        said.append((t("reason.others", n=len(rest)), sum(line.contribution for line in rest)))
    shown: list[str] = [t("explain.said", reason=name, value=_signed(value, units, decimals)) for name, value in said]
    return Markdown(listed(shown))


def _seen(items: tuple[RankedItem, RankedItem]) -> list[Markdown]:
    """Which of the two are no candidates."""
    return [t("contrast.seen", item=item.title) for item in items if not item.rank]


def entry_sentence(gap: EntryGap, found: Contrast, lines: list[ContrastLine], *, said: bool = False) -> Markdown:
    """ "To enter the top 10 it needs +1.20: interest −0.60, price −0.40." ``said``: its reasons stand there already."""
    needed = -found.score_difference
    decimals = written_in.decimals_for([needed, *(line.contribution for line in lines)], found.units)
    shown = {"k": gap.k, "item": found.title}
    if not gap.needed:
        return t("contrast.needs.tie", **shown)
    shown["needed"] = written_in.said(needed, found.units, decimals)
    if said:
        return t("contrast.needs.alone", **shown)
    total = sum(abs(line.contribution) for line in lines)
    worth = [line for line in lines if line.contribution <= -LEAST_SHARE * total][:MOST_NAMED]
    return t("contrast.needs", reasons=_named(worth, found.units, decimals), last=found.against_title, **shown)


def contrast_caveats(found: Contrast) -> list[str]:
    """Exactness, background, gap, time, and what the history's part holds."""
    error = found.standard_error
    key = "exact" if found.exact else "sampled"
    return [
        t(f"explain.kind.{key}", n=len(found.contributions)),
        t(f"contrast.caveat.{found.units}"),
        "" if error is None else t("explain.caveat.error", error=numbers.number(error, 1)),
        background_caveat(found.compared_with, found.background, found.seed),
        t("explain.caveat.gap", gap=numbers.number(abs(found.completeness_gap), 1)),
        t("explain.caveat.seconds", time=numbers.duration(found.seconds)),
    ]


def common_sentence(found: CommonReasons, lines: list[CommonLine]) -> Markdown:
    """What lifts the list above the rest, what lifts every item of it, and the value that they share."""
    every = [found.score_difference, *(line.reason.contribution for line in lines)]
    decimals = written_in.decimals_for(every, found.units)
    sure = [line for line in lines if not line.reason.is_noise]
    total = sum(abs(line.reason.contribution) for line in lines)
    worth = [line for line in sure if abs(line.reason.contribution) >= LEAST_SHARE * total]
    lifting = [line for line in worth if line.reason.contribution > 0][:MOST_NAMED]
    difference = written_in.said(found.score_difference, found.units, decimals)
    reasons = Markdown(listed([_lift(line, found.units, decimals) for line in lifting]))
    key = "common.sentence" if lifting else "common.sentence.none"
    said = t(key, n=found.n_listed, difference=difference, **({"reasons": reasons} if lifting else {}))
    alike = sorted((line for line in lifting if line.unlike > 0), key=lambda line: -line.unlike)[:1]
    shared = [t("common.alike", name=line.name, held=line.held, rest=line.of_others) for line in alike]
    return joined(said, *_held_by(lifting, found), *shared)


def _held_by(lifting: list[CommonLine], found: CommonReasons) -> list[Markdown]:
    """Which of the named reasons lift every listed item, and which most of them."""
    n = found.n_listed
    every = [line for line in lifting if line.reason.n_lifted == n]
    most = [line for line in lifting if n / 2 < line.reason.n_lifted < n]
    if every and every == lifting:
        return [t("common.each", n=n, n_reasons=len(every))]
    said = [t("common.every", n=n, reasons=Markdown(listed([escape(line.name) for line in every])))] if every else []
    of_most = [t("common.of_most", name=line.name, n=line.reason.n_lifted, all=n) for line in most]
    return [*said, t("common.most", reasons=Markdown(listed([*of_most])))] if most else said


def _lift(line: CommonLine, units: Units, decimals: int) -> Markdown:
    return t("explain.said", reason=line.name, value=_signed(line.reason.contribution, units, decimals))


def common_caveats(found: CommonReasons) -> list[str]:
    """Which others were looked at, what the interval is of, exactness, background, gap, time."""
    others = "all" if found.n_sampled == found.n_others else "drawn"
    return [
        t(f"common.caveat.{others}", n=found.n_sampled, all=found.n_others, seed=found.seed),
        t("common.caveat.interval"),
        t(f"explain.kind.{'exact' if found.exact else 'sampled'}", n=len(found.contributions)),
        t(f"contrast.caveat.{found.units}"),
        background_caveat(found.compared_with, found.background, found.seed),
        t("explain.caveat.gap", gap=numbers.number(abs(found.completeness_gap), 1)),
        t("explain.caveat.seconds", time=numbers.duration(found.seconds)),
    ]
