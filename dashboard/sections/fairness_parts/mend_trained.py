"""What must be trained: how long it takes, the training in the background, and mended models beside their base."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from dashboard import components, state
from dashboard.cached import fairness as cached_fairness
from dashboard.cached import mend as cached
from dashboard.cached import retrain as cached_retrain
from dashboard.cached import workspace as cached_workspace
from dashboard.cached.mend import Asked
from dashboard.jobs import processes
from dashboard.presentation.charts import mend as charts
from dashboard.presentation.sentences import mend as sentences
from dashboard.presentation.sentences.fairness import columns_name, inside, name_of, short_name
from dashboard.presentation.texts import numbers, t
from dashboard.sections.fairness_parts.part import Audited
from recsys_core.errors import SettingError
from recsys_core.mend.listed import ListedMendings
from recsys_core.results.mended_lists import MendedLists
from recsys_core.variant import ModelVariant


def trained(audited: Audited, chosen: ListedMendings, slider: Callable[[], float]) -> dict | None:
    """The form or the training that runs, then a mended model beside the one that it was made from."""
    key = ("mend", str(audited.ref.folder))
    job = processes().find(key)
    if job is not None and (not job.is_done or job.is_failed):
        components.long_job(job, key="mending")
    else:
        _form(audited, chosen, slider, key)
    newest = job.result.get("id", "") if job is not None and isinstance(job.result, dict) else ""
    return _beside(audited, newest)


@components.fragment(key="mend_form")
def _form(audited: Audited, chosen: ListedMendings, slider: Callable[[], float], key: tuple) -> None:
    """How strongly, a name, how long it takes, and the button."""
    ref, base = audited.ref, audited.page.selection.variant.model
    strength = slider()
    proposed = sentences.said(chosen.at(strength))[:60]
    name = st.text_input(t("mend.name"), key="mend_name", placeholder=proposed, max_chars=60) or proposed
    taken = sorted({said for entry in cached_workspace.models(ref) for said in (entry.id, entry.name)})
    is_taken = name.strip() in taken
    if is_taken:
        components.unavailable(SettingError("retrain.name", name=name, taken=", ".join(taken)))
    command = ["mend", "--workspace", ref.folder, f"--method={','.join(chosen.methods)}", f"--by={chosen.columns}"]
    command += [f"--strength={strength:g}", f"--name={name}", f"--model={base}"]
    st.button(
        t("mend.start"), key="mend_start", icon=":material/model_training:", disabled=is_taken or strength == 0,
        on_click=_start, args=(key, tuple(command), name),
    )  # fmt: skip
    components.caveats([sentences.duration(cached.seconds(ref, base, chosen.at(strength or 1.0))), t("mend.untouched")])


def _start(key: tuple, command: tuple, name: str) -> None:
    processes().start(key, command, "jobs.mend", name=name)
    st.rerun()


def _beside(audited: Audited, newest: str) -> dict | None:
    """A mended model of the workspace, its groups before and after; nothing where there is none."""
    ref, page = audited.ref, audited.page
    models = cached.mended_models(ref)
    names = {entry.id: entry.name for entry in cached_workspace.models(ref) if entry.id in models}
    if not names:
        return None
    model_id = page.pick("mended", names, default=newest if newest in names else next(i for i in models if i in names))
    base_id, mendings = models[model_id]
    base, variant = (_variant(audited, one) for one in (base_id, model_id))
    for one in (base, variant):
        ranked = cached_fairness.evaluation(ref, one, audited.limit)
        if not components.finished(ranked, t("mend.comparing"), key=f"mend_comparing_{one.model}"):
            return None
    metric = audited.metric if cached.can_shift(audited.metric) else f"ndcg@{ranked.outcome().ranking.k}"
    found = cached.beside(Asked(ref, variant, audited.limit, audited.by, metric), base)
    st.markdown(f"##### {sentences.of_model(found, mendings, names[model_id])}", anchors=False)
    _figures(found, cached.reasons_kept(ref, model_id))
    components.caveats(sentences.caveats(found, live=False))
    with st.container(horizontal=True):
        shown = page.selection.variant.model
        st.button(
            t("mend.look", name=names[model_id]), key="mend_look", icon=":material/public:",
            disabled=shown == variant.model, on_click=lambda: state.choose(model=variant.model or None),
        )  # fmt: skip
        if variant.model:
            st.button(
                t("retrain.make_current", name=names[model_id]), key="mend_make_current", on_click=_make_current,
                args=(ref, model_id),
            )  # fmt: skip
    return {"model": model_id, "mendings": [m.to_json() for m in mendings], **found.to_json()}


def _variant(audited: Audited, model_id: str) -> ModelVariant:
    """The model as it was trained; the current one is spelled without its id."""
    current = cached_workspace.workspace(audited.ref).models.current
    return replace(ModelVariant(), model="" if model_id == current else model_id)


def _figures(found: MendedLists, reasons: float | None) -> None:
    words = inside(short_name(found.metric)), columns_name(found.by)
    with components.grid(2):
        with components.card(t("mend.chart", metric=words[0], column=words[1])):
            if found.extremes is None:
                st.markdown(t("mend.no_groups"))
            else:
                components.draw(charts.before_after(found, name_of, words), key="mended_groups")
                components.caveats([t("mend.legend")])
        name = sentences.metric_name(found.price.metric)
        with components.card(t("mend.price.title", metric=sentences.at_the_end(name))):
            components.draw(charts.price(found.price, name), key="mended_price")
            lists = numbers.percent(found.lists_kept) if found.lists_kept is not None else numbers.UNKNOWN
            said = [t("mend.lists_kept", share=lists)]
            said += [t("mend.reasons_kept", share=numbers.percent(reasons))] if reasons is not None else []
            components.caveats(said)


def _make_current(ref, model_id: str) -> None:
    cached_retrain.make_current(ref, model_id)
    state.choose(model=None)
