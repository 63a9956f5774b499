"""What the items of a history add, in words."""

from __future__ import annotations

from dashboard.presentation import units
from dashboard.presentation.texts import joined, numbers, plain, t
from dashboard.presentation.texts.markdown import Markdown, by_sign
from recsys_core.results.history import ATTENTION, LEAVE_ONE_OUT, HistoryReasons

MOST_NAMED = 3


def history_sentence(found: HistoryReasons) -> Markdown:
    """ "Toy Story +0.42 · Aladdin +0.31 · 48 others +0.10: together +0.83, the history's part of the score." """
    if not found.items:
        return t("lab.history.none")
    named = found.strongest if len(found.items) <= MOST_NAMED + 1 else found.strongest[:MOST_NAMED]
    rest = found.strongest[len(named) :]
    n_others = len(rest) + found.n_earlier
    said = [t("explain.item_item.entry", title=item.title, value=_shown(found, item.contribution)) for item in named]
    if n_others:
        value = _shown(found, sum(item.contribution for item in rest) + found.earlier)
        said.append(t("explain.item_item.others", n=n_others, value=value))
    return joined(t(f"lab.history.{found.by}", items=Markdown(" · ".join(said)), **_totals(found)), _term(found))


def _totals(found: HistoryReasons) -> dict[str, Markdown]:
    return {"total": _shown(found, found.total), "history": _shown(found, found.history)}


def _shown(found: HistoryReasons, value: float) -> Markdown:
    if found.by == ATTENTION:
        return Markdown(numbers.percent(value, 1))
    decimals = units.decimals_for((item.contribution for item in found.items), found.units)
    return by_sign(value, units.said(value, found.units, decimals))


def _term(found: HistoryReasons) -> Markdown:
    """Which part is the item-item term's, and how many items count in it alone; nothing where there is no term."""
    if found.n_earlier:
        return t("lab.history.together", n=found.n_earlier, value=_shown(found, found.earlier))
    if found.term is None or found.by == ATTENTION:
        return Markdown("")
    values = {"term": _shown(found, found.term), "network": _shown(found, found.total - found.term)}
    unread = sum(not item.is_read for item in found.items)
    older = t("lab.history.unread", n=unread) if unread else ""
    return joined(t(f"lab.history.split.{found.by}", **values), older)


def history_caveats(found: HistoryReasons) -> list[str]:
    """What the figures are, how exact, against which background, how far from the history's part, how long."""
    what: list[str] = [t(f"lab.history.what.{found.by}")]
    if found.by == ATTENTION:
        return what
    if found.term is not None:
        what.append(t("lab.history.legend"))
    if found.by == LEAVE_ONE_OUT:
        return [*what, t("lab.history.sum", total=_shown(found, found.total), history=_shown(found, found.history))]
    error = found.standard_error
    how = (
        t("explain.history.exact")
        if error is None or found.exact
        else t("explain.caveat.error", error=numbers.number(error, 1))
    )
    about = t("explain.caveat.background", n=found.background, seed=found.seed)
    gap = t("explain.caveat.gap", gap=numbers.number(units.on_axis(abs(found.gap), found.units), 1))
    return [*what, how, about, gap, t("explain.caveat.seconds", time=numbers.duration(found.seconds))]


def names_of_ways(ways: tuple[str, ...]) -> dict[str, str]:
    """How each way is called on its button."""
    return {way: plain(f"lab.history.by.{way}") for way in ways}
