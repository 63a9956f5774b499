"""What would take an item off a list or bring it there, in a sentence, and how far to believe it."""

from __future__ import annotations

from dashboard.presentation import wording
from dashboard.presentation.texts import core_message, joined, listed, numbers, plain, t
from dashboard.presentation.texts.markdown import Markdown
from recsys_core.data.dataset import Dataset
from recsys_core.results import ChangedColumn, Counterfactual, RankedItem, TakenOff
from recsys_core.results.counterfactual import REMOVE_HISTORY

MOST_NAMED = 4


def sentence(data: Dataset, found: Counterfactual) -> Markdown:
    """The answer: what is changed, the rank before and after, who takes the place; or why there is none."""
    if found.note is not None:
        return core_message(found.note.key, dict(found.note.values))
    if found.after is None:
        return Markdown("")
    if found.kind == REMOVE_HISTORY:
        titles = [change.title for change in found.changes if isinstance(change, TakenOff)]
        said = t("counterfactual.without", items=_titles(titles), **_places(found))
        return joined(said, _replaced(found), t(f"counterfactual.verified.{str(found.verified).lower()}"))
    parts = [changed(data, change) for change in found.changes if isinstance(change, ChangedColumn)]
    said = t("counterfactual.with", changes=listed(parts), **_places(found))
    return joined(said, _leaves(found), t(f"counterfactual.verified.{str(found.verified).lower()}"))


def changed(data: Dataset, change: ChangedColumn) -> str:
    """ "price 20 € instead of 89.9 €"."""
    name = wording.feature_name(data, change.player)
    after, before = (wording.in_words(data, change.player, value) for value in (change.after, change.before))
    return plain("counterfactual.changed", name=name, after=after, before=before)


def _titles(titles: list[str]) -> str:
    """All titles, or the first few and how many others."""
    if len(titles) <= MOST_NAMED:
        return listed([plain("counterfactual.quoted", title=title) for title in titles])
    named = [plain("counterfactual.quoted", title=title) for title in titles[: MOST_NAMED - 1]]
    return listed([*named, plain("counterfactual.others", n=len(titles) - len(named))])


def _places(found: Counterfactual) -> dict[str, object]:
    after = found.after or found.item
    return {
        "title": found.item.title,
        "before": found.item.rank,
        "after": after.rank,
        "first": numbers.fixed(found.item.probability),
        "second": numbers.fixed(after.probability),
    }


def _replaced(found: Counterfactual) -> Markdown:
    other = found.replaced_by
    if other is None:
        return t("counterfactual.nobody")
    return _and_others(t("counterfactual.replaced", title=other.title), found.entered[1:])


def _leaves(found: Counterfactual) -> Markdown:
    if not found.left:
        return Markdown("")
    gone = found.left[-1]
    return _and_others(t("counterfactual.leaves", title=gone.title), found.left[:-1], key="left")


def _and_others(said: Markdown, others: tuple[RankedItem, ...], *, key: str = "entered") -> Markdown:
    if not others:
        return said
    return joined(said, t(f"counterfactual.{key}", items=_titles([item.title for item in others])))


def caveats(found: Counterfactual) -> list[str]:
    """How many cases were scored, how sure it is that none smaller does it, how long it took."""
    if not found.n_scored:
        return []
    what = "histories" if found.kind == REMOVE_HISTORY else "rows"
    sure = [t(f"counterfactual.{'exact' if found.exact else 'greedy'}.{what}")] if found.found else []
    scored = t(f"counterfactual.scored.{what}", n=found.n_scored)
    return [
        scored,
        *sure,
        t(f"counterfactual.rule.{what}"),
        t("explain.caveat.seconds", time=numbers.duration(found.seconds)),
    ]
