"""A person's acts about versions and candidates: promote or refuse one that was held, go back to the version before.

None of them opens a model: they are asked from a page and in a hurry.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from recsys_core.errors import Phrase, SettingError, WorkspaceError, phrase
from recsys_core.models import artifact
from recsys_core.results.learning import HELD, PROMOTED, REFUSED, Decision, Reason
from recsys_core.results.serving import ServedVersion
from recsys_core.versions import DecisionLog, Versions

GUARD, PERSON = "guard", "person"


def promote_held(workspace: Path, decision: int) -> Decision:
    """The decision as it is now, after a person let its candidate be served.

    Raises ``SettingError``: ``versions.decision`` for an unknown one, ``learning.not_held`` for one that is not held,
    ``learning.outdated`` where another version than its parent is served, ``model.unknown`` where its model is gone.
    """
    finish_promotion(workspace)  # perhaps of this one
    found, versions = _held(workspace, decision), Versions(workspace)
    if found.candidate is None:
        raise SettingError("learning.not_held", decision=decision, state=_state(found))
    versions.store.folder(found.candidate)
    if versions.current().version != found.parent_version:
        now = versions.current().version
        raise SettingError("learning.outdated", decision=decision, parent=found.parent_version, now=now)
    ended = _ended(found, PROMOTED, Reason(key="learning.by_person", values={}))
    written = DecisionLog(workspace).append(ended, number=decision)
    versions.promote(found.candidate)
    return written


def finish_promotion(workspace: Path) -> None:
    """Serve a candidate whose promotion was written down by somebody who was killed before it could be served."""
    versions, decisions = Versions(workspace), DecisionLog(workspace).list()
    last = decisions[-1] if decisions else None
    if last is None or last.decision != PROMOTED or last.candidate not in versions.store.ids():
        return
    was_served = last.candidate in {version.model for version in versions.list()}
    if last.candidate and not was_served and versions.current().version == last.parent_version:
        versions.promote(last.candidate)


def refuse_held(workspace: Path, decision: int) -> Decision:
    """The decision as it is now, after a person refused its candidate; its feedback is not learned again.

    Raises ``SettingError``: ``versions.decision``, ``learning.not_held``.
    """
    found = _held(workspace, decision)
    Versions(workspace).refuse((found.after, found.upto))
    ended = _ended(found, REFUSED, Reason(key="learning.refused_by_person", values={}))
    return DecisionLog(workspace).append(ended, number=decision)


def roll_back(workspace: Path) -> tuple[ServedVersion, ServedVersion]:
    """The version that is served now, and the one that was; what had taught that one is not learned again.

    Raises ``SettingError``: ``versions.first`` where there is none before.
    """
    versions = Versions(workspace)
    span = taught_by(versions, versions.current().model)
    back, left = versions.roll_back(taught=span)
    log = DecisionLog(workspace)
    last = next((d for d in reversed(log.list()) if d.candidate == left.model), None)
    if last is not None and last.decision == PROMOTED:
        reason = Reason(key="learning.rolled_back", values={"version": back.version})
        log.append(_ended(last, REFUSED, reason), number=last.id)
    return back, left


def taught_by(versions: Versions, model: str) -> tuple[int, int] | None:
    """The range of feedback that taught a model, None for one that was trained on the dataset alone."""
    try:
        learned = artifact.load_config(versions.store.folder(model)).get("learned")
    except WorkspaceError:  # a model that cannot be read is left all the same
        return None
    return None if learned is None else (learned["after"], learned["upto"])


def now() -> str:
    """When something was decided, in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _held(workspace: Path, decision: int) -> Decision:
    found = DecisionLog(workspace).get(decision)
    if found.decision != HELD:
        raise SettingError("learning.not_held", decision=decision, state=_state(found))
    return found


def _state(decision: Decision) -> Phrase:
    return phrase(f"learning.state.{decision.decision}")


def _ended(decision: Decision, state: str, reason: Reason) -> Decision:
    return replace(decision, decision=state, by=PERSON, reason=reason, at=now())
