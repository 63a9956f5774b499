"""Part: mend it. Which method, by which column, how strongly; every group before and after, and the price beside it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import streamlit as st

from dashboard import components, state
from dashboard.cached import data_gap as cached_data_gap
from dashboard.cached import fairness as cached_fairness
from dashboard.cached import mend as cached
from dashboard.cached import workspace as cached_workspace
from dashboard.cached.mend import Asked
from dashboard.parameters import Parameter
from dashboard.presentation.charts import mend as charts
from dashboard.presentation.sentences import mend as sentences
from dashboard.presentation.sentences.data_gap import bound
from dashboard.presentation.sentences.fairness import column_name, columns_name, inside, name_of, short_name
from dashboard.presentation.texts import numbers, plain, t
from dashboard.sections.fairness import short_names
from dashboard.sections.fairness_parts.mend_trained import trained
from dashboard.sections.fairness_parts.part import Audited, FairnessPart
from recsys_core.errors import RecLensError
from recsys_core.fairness.columns import SEGMENT
from recsys_core.mend.listed import ListedMendings
from recsys_core.results.mended_lists import MendedLists
from recsys_core.results.mending import LIVE, TRAINED
from recsys_core.variant import DENSE, ModelVariant, Reranking

HALF, STEP = 50, 5  # per cent: where the slider begins, and how it moves
OF_DECISIONS = ("true_positive_rate", "false_positive_rate", "selection_rate")
ITEM_SIDE = tuple(method for method in LIVE if method != "threshold")


def _is_strength(raw: str) -> bool:
    return raw.isdecimal() and int(raw) <= 100


PARAMETERS = (
    Parameter("mend_method", "mend.method", takes=(*LIVE, *TRAINED).__contains__, clears=("mend_by",)),
    Parameter("mend_by", "mend.by", problem="fairness.unknown"),
    Parameter(
        "mend_strength", "control.strength", takes=_is_strength, shown=lambda: numbers.percent(HALF / 100),
        problem="frame.setting_unknown", live=True,
    ),
    Parameter("mend_with", "mend.with", takes=ListedMendings.is_text, problem="frame.setting_unknown"),
    Parameter("mended", "mend.model"),
)  # fmt: skip


def mend(audited: Audited) -> dict | None:
    """The choices, then what they do; what must be trained says how long that takes."""
    st.markdown(t("mend.intro"))
    _bound(audited)
    page, ref = audited.page, audited.ref
    names = {method: plain(f"mend.method.{method}") for method in (*LIVE, *TRAINED)}
    with components.grid(2, min_width=240):
        method = page.pick("mend_method", names)
        side = "item" if method in ITEM_SIDE else "user"
        columns = _columns(audited, side)
        if not columns:
            st.markdown(t("mend.no_column"))
            return None
        by = page.pick("mend_by", columns, default=_first(audited, columns, method), aliases=short_names(columns))
    components.caveats([t(f"mend.what.{method}")])
    said = ListedMendings.of(state.bar().value("mend_with")).without(method)
    _list(said)
    chosen = said.and_also(method, by)
    if any(name in TRAINED for name in chosen.methods):
        return trained(audited, chosen, _strength_slider)
    asked = Asked(ref, replace(_base(audited), reranking=chosen.reranking(1.0)), audited.limit, (by,))
    problem = cached_workspace.reranking_problem(ref, asked.variant.reranking)
    if problem is not None:
        components.unavailable(problem)
        return None
    if not components.finished(cached.ready(asked), t("mend.working"), key="mend_working"):
        return None
    return _live(audited, asked, chosen)


def _bound(audited: Audited) -> None:
    """How far any mending could lift the group that is served worst, on samples whose best possible is known."""
    if any(column.startswith(SEGMENT) for column in audited.by):
        return
    measure = cached_data_gap.asked_measure(audited.metric)
    with suppress(RecLensError):  # the part below says why groups cannot be compared
        found = cached_data_gap.bound(audited.ref, audited.variant, audited.by, measure, audited.limit)
        said = None if found is None else bound(found)
        if said is not None:
            st.markdown(said)


def _columns(audited: Audited, side: str) -> dict[str, str]:
    """Columns of a side with their names; also one with edges or values of its own that the address names."""
    known = cached_fairness.group_columns(audited.ref, side)
    asked = cached.column_key(audited.ref, state.bar().value("mend_by"), side)
    return {column: column_name(column) for column in dict.fromkeys((*known, *([asked] if asked else [])))}


def _base(audited: Audited) -> ModelVariant:
    return replace(audited.page.selection.variant, reranking=DENSE.reranking)


def _first(audited: Audited, columns: dict[str, str], method: str) -> str:
    """The page's own column where the method can look at it; the popularity for those that guarantee places."""
    popularity = "training.popularity"
    first = popularity if method in ("fair", "minimum-share") else audited.by[0]
    return first if first in columns else next(iter(columns))


def _list(said: ListedMendings) -> None:
    """Mendings that are in the list already, each with the way to take it off."""
    for method, by in said.pairs:
        st.button(
            t("mend.take_off", method=plain(f"mend.method.{method}"), column=column_name(by)),
            key=f"mend_off_{method}",
            icon=":material/close:",
            on_click=_take_off,
            args=(said, method),
        )


def _take_off(said: ListedMendings, method: str) -> None:
    state.choose(mend_with=said.without(method).text or None)


def _strength() -> int:
    raw = state.bar().value("mend_strength")
    return int(raw) if _is_strength(raw) else HALF


def _strength_slider() -> float:
    """How strongly, 0 to 1; moved, the part alone is drawn again."""
    key, shown = "mend_slider", _strength()
    st.session_state[key] = shown
    st.slider(
        t("control.strength"), 0, 100, step=STEP, format="%d %%", key=key, on_change=_moved, args=(key, shown),
        help=t("mend.strength.help"),
    )  # fmt: skip
    return shown / 100


def _moved(key: str, shown: int) -> None:
    if st.session_state[key] != shown:
        state.bar().change(mend_strength=str(st.session_state[key]))


@components.fragment(key="mend_live")
def _live(audited: Audited, asked: Asked, chosen: ListedMendings) -> dict:
    """What a strength does; moving it draws this alone."""
    strength = _strength_slider()
    asked = replace(asked, variant=replace(asked.variant, reranking=chosen.reranking(strength)))
    if chosen.methods[-1] == "threshold":
        asked = replace(asked, metric=audited.metric if audited.metric in OF_DECISIONS else OF_DECISIONS[0])
    found = cached.mended(asked)
    st.markdown(f"##### {sentences.answer(found, asked.variant.reranking.name, strength)}", anchors=False)
    groups = cached.favoured(asked.ref, asked.variant)
    if groups:
        st.markdown(sentences.favoured(groups))
    payers = _payers(audited, asked)
    with components.grid(2):
        _groups(found, "mend_groups")
        with st.container():
            _price(found)
            if payers is not None:
                _groups(payers, "mend_payers")
    components.caveats(sentences.caveats(found, live=True))
    _use(asked.variant, chosen)
    return {"variant": asked.variant.to_query(), **found.to_json()}


def _payers(audited: Audited, asked: Asked) -> MendedLists | None:
    """The groups of users of the page's own column; thresholds look at groups of users already."""
    if asked.metric:
        return None
    lists = f"ndcg@{cached_fairness.evaluation(asked.ref, asked.base, asked.limit).outcome().ranking.k}"
    metric = audited.metric if cached.can_shift(audited.metric) else lists
    return cached.mended(replace(asked, by=audited.by, metric=metric))


def _groups(found: MendedLists, key: str) -> None:
    words = inside(short_name(found.metric)), columns_name(found.by)
    with components.card(t("mend.chart", metric=words[0], column=words[1])):
        if found.extremes is None:
            st.markdown(t("mend.no_groups"))
            return
        components.draw(charts.before_after(found, name_of, words), key=key)
        shown = sum(shift.before is not None for shift in found.shifts)
        components.caveats(
            [t("mend.legend"), t("mend.largest", n=charts.MOST_GROUPS) if shown > charts.MOST_GROUPS else ""]
        )


def _price(found: MendedLists) -> None:
    name = sentences.metric_name(found.price.metric)
    with components.card(t("mend.price.title", metric=sentences.at_the_end(name))):
        components.draw(charts.price(found.price, name), key="mend_price")
        kept = numbers.percent(found.lists_kept) if found.lists_kept is not None else numbers.UNKNOWN
        components.caveats([t("mend.lists_kept", share=kept), t("mend.reasons_stay")])


def _use(variant: ModelVariant, chosen: ListedMendings) -> None:
    """Every page shows it, or another mending is added to it."""
    said = Reranking().to_query() | variant.reranking.to_query()
    with st.container(horizontal=True):
        st.button(
            t("mend.use"), key="mend_use", icon=":material/public:", disabled=variant.reranking.is_identity,
            on_click=lambda: state.choose(**{name: said.get(name) for name in ("rerank", "strength", "rerank_by")}),
        )  # fmt: skip
        st.button(
            t("mend.add"), key="mend_add", icon=":material/add:",
            on_click=lambda: state.choose(mend_with=chosen.text, mend_method=_next(chosen)),
        )  # fmt: skip


def _next(chosen: ListedMendings) -> str:
    """A method that is not in the list."""
    return next((method for method in (*LIVE, *TRAINED) if method not in chosen.methods), LIVE[0])


MEND = FairnessPart("mend", mend, PARAMETERS)
