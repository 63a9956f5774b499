"""Versions: numbers that stay, promotion and the way back; decisions that a killed run does not spoil."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress

import pytest

from recsys_core.errors import SettingError, WorkspaceError
from recsys_core.models import artifact
from recsys_core.models.model_store import ModelStore
from recsys_core.results.learning import HELD, Decision, Gain, Reason
from recsys_core.versions import DecisionLog, Versions


@pytest.fixture
def two_models(tiny_workspace, tmp_path):
    """A workspace with a second model: the first one's files under another checksum."""
    path = tmp_path / "w"
    shutil.copytree(tiny_workspace, path)
    store = ModelStore(path)

    def write(folder, about):
        for file in (p for p in store.folder("first").iterdir() if p.is_file() and p.name != artifact.SUMS):
            shutil.copy(file, folder)
        (folder / "metrics.json").write_text((folder / "metrics.json").read_text() + "\n")

    store.add("learned", write, model_id="learned")
    return path


def test_numbers_stay_and_the_way_leads_back(two_models):
    versions = Versions(two_models)
    assert versions.list() == ()
    assert versions.trail == ()
    first = versions.current()
    second = versions.promote("learned")
    assert (first.version, second.version, ModelStore(two_models).current) == (1, 2, "learned")
    assert first.fingerprint != second.fingerprint
    assert versions.roll_back(taught=(3, 9)) == (first, second)
    assert ModelStore(two_models).current == "first"
    assert versions.refused == ((3, 9),)
    assert versions.current() == first
    assert versions.trail == (1,)
    with pytest.raises(SettingError, match="none to go back to"):
        versions.roll_back()
    assert versions.promote("learned") == second
    assert versions.trail == (1, 2)


def test_a_model_made_current_by_hand_is_a_version_too(two_models):
    versions = Versions(two_models)
    versions.current()
    ModelStore(two_models).make_current("learned")
    back, left = versions.roll_back()
    assert (back.model, left.model) == ("first", "learned")


@pytest.mark.parametrize("last", [1, 2, 3])
def test_a_way_back_that_was_killed_is_as_it_was_or_done(two_models, monkeypatch, last):
    """Cut off before its first, second or third file is put in place."""
    versions = Versions(two_models)
    versions.promote("learned")
    moves, replace = [], os.replace

    def until_killed(*paths):
        moves.append(paths)
        if len(moves) == last:
            raise KeyboardInterrupt
        replace(*paths)

    with monkeypatch.context() as cut, suppress(KeyboardInterrupt):
        cut.setattr(os, "replace", until_killed)
        versions.roll_back(taught=(3, 9))
    assert moves
    if versions.current().model == "learned":
        versions.roll_back(taught=(3, 9))
    assert (versions.current().model, versions.trail, versions.refused) == ("first", (1,), ((3, 9),))


def test_a_spoilt_file_of_versions_is_said(two_models):
    versions = Versions(two_models)
    versions.promote("learned")
    file = versions.folder / "versions.json"
    sound = file.read_text()
    assert versions.trail == (1, 2)
    for name in ("versions", "trail", "refused"):
        for spoilt in ("null", "[null]", "[[1]]", '[{"version": 1}]', "[7]"):
            file.write_text(sound.replace(f'"{name}": ', f'"{name}": {spoilt}, "was": ', 1))
            with pytest.raises(WorkspaceError, match=r"versions\.json"):
                versions.roll_back()


def a_decision(**said):
    gain = Gain(gain=0.001, low=None, high=0.002, n_users=9, n_rows=20)
    given = {
        "id": 0, "candidate": None, "parent": "first", "parent_version": 1, "at": "2026-01-01T00:00:00+00:00",
        "decision": HELD, "by": "guard", "reason": Reason(key="versions.first", values={"version": 1}), "rule": None,
        "seed": 0, "after": 0, "upto": 20, "n_rows": 20, "n_users": 9, "n_capped": 0, "rolling": gain, "anchor": gain,
        "groups": (), "overlap": None, "drift": None, "look": 1, "alpha": 0.025, "seconds": 1.5,
    }  # fmt: skip
    return Decision(**given | said)


def test_decisions_come_back_and_an_unfinished_line_does_no_harm(two_models):
    log = DecisionLog(two_models)
    assert log.list() == ()
    one = log.append(a_decision())
    with open(log.path, "ab") as file:
        file.write(b'{"id": 2, "cand')
    two = log.append(a_decision(rule="head"))
    assert log.list() == (one, two)
    assert (one.id, two.id) == (1, 2)
    ended = log.append(a_decision(by="person", decision="promoted"), number=1)
    assert log.get(1) == ended
    assert len(log.list()) == 3
    with pytest.raises(SettingError, match="no decision 7"):
        log.get(7)
