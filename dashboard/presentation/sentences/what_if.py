"""What some edits do, in one sentence, and on the cards of the situations that are compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dashboard.presentation import units, wording
from dashboard.presentation.texts import core_message, joined, listed, numbers, plain, t, word
from dashboard.presentation.texts.markdown import Markdown, escape
from dashboard.presentation.variants import plain_variant
from recsys_core.data.dataset import Dataset
from recsys_core.data.schema import Column
from recsys_core.explain.player_values import Value, player_column
from recsys_core.player import Player
from recsys_core.results.what_if import EditExplanation, ResponseCurve, ResponsePoint, Standing, WhatIf
from recsys_core.variant import ModelVariant
from recsys_core.what_if.edit_texts import EditTexts, column_pairs, item_ids
from recsys_core.what_if.edits import AddItem, Edit, SetColumn, TakeOffItem

MOST_NAMED = 4  # edits that a sentence names
MOST_GONE = 3  # titles that the line under the list names
LONGEST = 40  # letters of a title or a value inside a sentence
PINNED = "ABC"


@dataclass(frozen=True, slots=True)
class Situations:
    """Whose edits are told: names as a page shows them, and what the columns hold before any edit."""

    data: Dataset
    item: str
    user: str
    own: Mapping[Player, Value]


def title(item: str, user: str) -> Markdown:
    """The page's question."""
    return t("what_if.title.of", item=item, user=user)


def sentence(about: Situations, found: EditExplanation, variant: ModelVariant) -> Markdown:
    """What was edited and what it does to rank and probability; what to do where nothing is edited."""
    edits, by = (
        [c.edit for c in found.edits],
        "" if variant.is_dense else t("what_if.by", variant=plain_variant(variant)),
    )
    if not edits:
        return joined(_unedited(about, found.before), by)
    kept, gone = _with(about, edits), [_item(about, e.item_id) for e in edits if isinstance(e, TakeOffItem)]
    n_more = max(0, len(kept) + len(gone) - MOST_NAMED)
    kept = kept[:MOST_NAMED]
    gone = gone[: MOST_NAMED - len(kept)]
    if n_more:
        (kept or gone).append(t("what_if.more_edits", n=n_more))
    key = "both" if kept and gone else "with" if kept else "without"
    moved = _moved(about, found.before, found.after)
    values = {"kept": Markdown(listed(list(kept))), "gone": Markdown(listed(list(gone))), "moved": moved}
    return joined(t(f"what_if.sentence.{key}", **values), by)


def _unedited(about: Situations, now: Standing) -> Markdown:
    """Where the item stands, and what to do."""
    values = {"item": about.item, "probability": numbers.fixed(now.probability)}
    if now.rank is None:
        return t("what_if.unedited.seen", **values)
    return t("what_if.unedited", rank=now.rank, n=now.n_candidates, **values)


def _moved(about: Situations, now: Standing, then: Standing) -> Markdown:
    decimals = units.decimals_between(now.probability, then.probability)
    values = {
        "item": about.item,
        "before": numbers.fixed(now.probability, decimals),
        "after": numbers.fixed(then.probability, decimals),
        "n": then.n_candidates,
    }
    if now.rank is None or then.rank is None:
        return t("what_if.moved.seen", **values)
    key = "rises" if then.rank < now.rank else "falls" if then.rank > now.rank else "stays"
    return t(f"what_if.moved.{key}", from_=now.rank, to=then.rank, **values)


def _with(about: Situations, edits: Sequence[Edit]) -> list[Markdown]:
    columns = [in_words(about, e) for e in edits if isinstance(e, SetColumn)]
    return [*columns, *(t("what_if.added", item=_title(about, e.item_id)) for e in edits if isinstance(e, AddItem))]


def in_words(about: Situations, edit: SetColumn) -> Markdown:
    """ "age 34 instead of 68"; a text is not repeated."""
    column, name = player_column(about.data, edit.player), wording.feature_name(about.data, edit.player)
    if column is not None and column.kind == "text":
        name = word("column", column.name)
        return t("what_if.edit.text", name=name) if edit.value else t("what_if.edit.no_text", name=name)
    new, own = (
        wording.shorten(wording.shown_value(edit.player, v, column), LONGEST)
        for v in (edit.value, about.own.get(edit.player))
    )
    return t("what_if.edit", name=name, value=new, own=own)


def edit_label(data: Dataset, edit: Edit) -> str:
    """An edit as the line of a chart, short and plain: "age 34", "+ Rope", "− Hedge trimmer"."""
    if isinstance(edit, SetColumn):
        return (
            wording.feature_label(data, edit.player, edit.value)
            if edit.value is not None
            else plain("what_if.edit.empty", name=wording.feature_name(data, edit.player))
        )
    titles = dict(zip(data.items["item_id"], data.titles, strict=True))
    sign = "added" if isinstance(edit, AddItem) else "off"
    return plain(f"what_if.line.{sign}", item=wording.shorten(titles.get(edit.item_id, edit.item_id)))


def _item(about: Situations, item_id: str) -> Markdown:
    return t("what_if.item", item=_title(about, item_id))


def _title(about: Situations, item_id: str) -> str:
    return wording.shorten(about.data.titles[about.data.item_index(item_id)], LONGEST)


@dataclass(frozen=True, slots=True)
class Card:
    """One situation: its name, the rank, and what is beside it; ``good`` as in `components.stat_card`."""

    label: str
    value: str
    note: str
    more: str = ""
    good: bool | None = None


def card(label: str, standing: Standing, now: Standing | None = None) -> Card:
    """A situation's rank, how far that is from the present one, probability and score."""
    rank = plain("what_if.rank", rank=standing.rank) if standing.rank is not None else plain("what_if.rank.none")
    more = plain(
        "what_if.card.more", probability=numbers.fixed(standing.probability), score=numbers.signed(standing.score)
    )
    if now is None or now.rank is None or standing.rank is None:
        return Card(label, rank, more)
    up = now.rank - standing.rank
    key = "up" if up > 0 else "down" if up < 0 else "same"
    return Card(label, rank, plain(f"what_if.card.{key}", n=abs(up)), more, None if not up else up > 0)


def pin_name(at: int) -> str:
    """What the pin at a place is called."""
    return plain("what_if.pinned", letter=PINNED[at])


def put_aside(texts: EditTexts, data: Dataset) -> Markdown:
    """That edits of another user or item were put aside, as they were said: there is nothing to read them against."""
    titles = dict(zip(data.items["item_id"], data.titles, strict=True))
    columns = [f"{_column_name(data, key)} {wording.known(value)}".rstrip() for key, value in column_pairs(texts)]
    added = [plain("what_if.line.added", item=wording.shorten(titles.get(i, i))) for i in item_ids(texts, "add")]
    gone = [plain("what_if.line.off", item=wording.shorten(titles.get(i, i))) for i in item_ids(texts, "off")]
    return t("what_if.put_aside", edits=listed([escape(said) for said in (*columns, *added, *gone)]))


def _column_name(data: Dataset, key: str) -> str:
    """What to call the column of a player's key; the key itself where there is none."""
    if not key.startswith(("user.", "item.")):
        return key
    player = Player.parse(key)
    return wording.feature_name(data, player) if player_column(data, player) is not None else key


def fell_off(titles: Sequence[str]) -> str:
    """Which items are no longer on the list, the first few by name."""
    if not titles:
        return ""
    n_more = len(titles) - MOST_GONE if len(titles) > MOST_GONE + 1 else 0
    named = [escape(title) for title in titles[: len(titles) - n_more]]
    more = [t("what_if.top.out.more", n=n_more)] if n_more else []
    return t("what_if.top.out", items=Markdown(listed([*named, *more])))


def notes(said: WhatIf) -> list[Markdown]:
    """How the model reads edited values that lie beyond its tables."""
    return [core_message(note.key, dict(note.values)) for note in said.notes]


def contribution_caveats(found: EditExplanation) -> list[str]:
    """Exact or drawn, the gap to the change, the error, the time, and the units."""
    n, error = len(found.edits), found.standard_error
    return [
        t("what_if.caveat.exact" if found.exact else "what_if.caveat.sampled", n=n),
        t("what_if.caveat.change", change=units.said(found.change, found.units)),
        t("explain.caveat.gap", gap=numbers.number(abs(found.completeness_gap), 1)),
        "" if error is None else t("explain.caveat.error", error=numbers.number(error, 1)),
        t("explain.caveat.seconds", time=numbers.duration(found.seconds)),
    ]


def curve(found: ResponseCurve, name: Markdown, column: Column) -> Markdown:
    """Where along a column the item stands best, and what it is now; nothing moves where all is alike."""
    ranked = [p for p in found.points if p.rank is not None]
    best, worst = (
        (min(ranked, key=lambda p: (p.rank or 0, -p.score)), max(ranked, key=lambda p: (p.rank or 0, -p.score)))
        if ranked
        else (max(found.points, key=lambda p: p.score), min(found.points, key=lambda p: p.score))
    )
    decimals = units.decimals_between(best.probability, worst.probability)
    values = {
        "name": name,
        "best": _point_words(found, best, column),
        "worst": _point_words(found, worst, column),
        "high": numbers.fixed(best.probability, decimals),
        "low": numbers.fixed(worst.probability, decimals),
    }
    if best.score == worst.score:
        return t("what_if.curve.flat", name=name)
    if not ranked:
        return t("what_if.curve.said.seen", **values)
    return t("what_if.curve.said", first=best.rank, last=worst.rank, **values)


def _point_words(found: ResponseCurve, point: ResponsePoint, column: Column) -> str:
    if point.member is not None:
        sign = "added" if point.is_added else "off"
        return plain(f"what_if.line.{sign}", item=wording.known(point.member))
    return wording.shorten(wording.shown_value(found.player, point.value, column), LONGEST)


def curve_caveats(found: ResponseCurve) -> list[str]:
    """Everything else stays; how many values of how many."""
    n = len(found.points)
    some = found.n_values > n
    return [
        t("what_if.curve.caveat"),
        t("what_if.curve.some", n=n, all=found.n_values) if some else t("what_if.curve.n", n=n),
        t("what_if.curve.candidates", n=found.n_candidates),
    ]
