"""Change a feature and train again: which column, how, the training, and the new model beside the present one."""

from __future__ import annotations

import streamlit as st

from dashboard import components, state
from dashboard.cached import retrain as cached
from dashboard.cached import workspace as cached_workspace
from dashboard.jobs import processes
from dashboard.parameters import Parameter, opened
from dashboard.presentation import wording
from dashboard.presentation.sentences import retrain as sentences
from dashboard.presentation.tables import retrain as tables
from dashboard.presentation.texts import plain, t
from dashboard.workspaces import WorkspaceRef
from recsys_core.errors import SettingError
from recsys_core.player import Player

PARAMETERS = (opened("retrain", "retrain"), Parameter("other_model", "retrain.beside"))
KINDS = ("without", "audit_only", "bucket")


def card(page) -> dict | None:
    """The closed part of Overview; returns the comparison where one is shown."""
    details = page.details("retrain")
    if not details.open:
        return None
    with details:
        st.markdown(t("retrain.what"))
        ref, model_id = page.selection.ref, page.selection.variant.model
        key = ("retrain", str(ref.folder))
        job = processes().find(key)
        if job is not None and (not job.is_done or job.is_failed):
            components.long_job(job, key="retraining")
        else:
            _form(page, ref, model_id, key)
        return _beside(page, ref, job.result["id"] if job is not None and isinstance(job.result, dict) else "")


def _form(page, ref: WorkspaceRef, model_id: str, key: tuple) -> None:
    """What happens to which column, a name, how long it takes, and the button."""
    data, columns = cached_workspace.dataset(ref), cached.readable_columns(ref)
    if not columns:
        st.markdown(t("retrain.no_columns"))
        return
    names = {k: wording.feature_name(data, Player.parse(k)) for k in columns}
    picked: dict[str, list[str]] = {}
    with components.grid(3, min_width=200):
        for kind in KINDS:
            offered = [k for k, c in columns.items() if kind != "bucket" or c.kind == "number"]
            picked[kind] = st.multiselect(
                t(f"retrain.{kind}"),
                offered,
                format_func=names.get,
                key=f"retrain_{kind}",
                help=t(f"retrain.{kind}.help"),
                placeholder=plain("may_change.hint"),
                persist_state="session",
            )
    buckets = tuple(f"{k}={_edges(ref, k, names[k])}" for k in picked["bucket"])
    proposed = sentences.proposed_name(names, picked)
    name = st.text_input(t("retrain.name"), key="retrain_name", placeholder=proposed, max_chars=60) or proposed
    try:
        cached.changes(ref, tuple(picked["without"]), tuple(picked["audit_only"]), buckets)
        problem = None
    except SettingError as error:
        problem = error
        if any(picked.values()):
            components.unavailable(error)
    if problem is None and (taken := _taken(ref, name)) is not None:
        problem = taken
        components.unavailable(taken)
    command = ["retrain", "--workspace", ref.folder, f"--name={name}", "--model", model_id]
    command += [f"--without={k}" for k in picked["without"]] + [f"--audit-only={k}" for k in picked["audit_only"]]
    command += [f"--bucket={text}" for text in buckets]
    st.button(
        t("retrain.start"),
        key="retrain_start",
        icon=":material/model_training:",
        disabled=problem is not None,
        on_click=_start,
        args=(key, tuple(command), name),
    )
    components.caveats(sentences.duration(cached_workspace.model(ref, model_id)))


def _edges(ref: WorkspaceRef, key: str, name: str) -> str:
    return st.text_input(
        t("retrain.edges", name=name),
        value=cached.proposed_edges(ref, key),
        key=f"retrain_edges_{key}",
        help=t("retrain.edges.help"),
    ).replace(" ", "")


def _taken(ref: WorkspaceRef, name: str) -> SettingError | None:
    """Why a name cannot be the new model's, where that is so."""
    models = cached_workspace.models(ref)
    taken = sorted({said for entry in models for said in (entry.id, entry.name)})
    return SettingError("retrain.name", name=name, taken=", ".join(taken)) if name.strip() in taken else None


def _start(key: tuple, command: tuple, name: str) -> None:
    processes().start(key, command, "jobs.retrain", name=name)
    st.rerun()  # everything, from the page's fragment too: the frame lists the job


def _beside(page, ref: WorkspaceRef, newest: str) -> dict | None:
    """Another model of the workspace beside the one that is looked at; nothing where there is no other."""
    models = {entry.id: entry for entry in cached_workspace.models(ref)}
    shown = page.selection.variant.model or cached_workspace.workspace(ref).models.current
    names = {entry.id: entry.name for entry in models.values() if entry.id != shown}
    if not names or shown not in models:
        return None
    latest = max(names, key=lambda model_id: models[model_id].made)
    other = page.pick("other_model", names, default=newest if newest in names else latest)
    st.markdown(sentences.changed(cached_workspace.dataset(ref), cached_workspace.model(ref, other).changes))
    job = cached.comparison(ref, shown, other)
    if not components.finished(job, t("retrain.comparing"), key="comparing_models"):
        return None
    found = job.result
    st.markdown(sentences.comparison(cached_workspace.dataset(ref), found, models[other].name))
    rows, columns = tables.quality(found), tables.quality_columns(models[shown].name, models[other].name)
    components.rows(rows, columns, key="models_beside", alt=plain("retrain.table.alt"))
    components.caveats(sentences.caveats(found))
    if not models[other].current:
        st.button(
            t("retrain.make_current", name=models[other].name), key="make_current", on_click=_make_current,
            args=(ref, other),
        )  # fmt: skip
    return found.to_json()


def _make_current(ref: WorkspaceRef, model_id: str) -> None:
    cached.make_current(ref, model_id)
    state.choose(model=None, other_model=None)
