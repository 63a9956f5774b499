"""The models of a workspace: a damaged one is named, can be removed, and does not break the others."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from recsys_core.__main__ import main
from recsys_core.errors import SettingError, WorkspaceError
from recsys_core.models.artifact import write_checksums
from recsys_core.models.model_store import ABOUT, ModelStore
from recsys_core.models.workspace import open_model


@pytest.fixture(scope="module")
def sound(tiny_workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a second model, ``second``, the same as the first."""
    folder = tmp_path_factory.mktemp("models") / "tiny"
    shutil.copytree(tiny_workspace, folder)
    store = ModelStore(folder)
    first = store.folder("")

    def write(target: Path, about: dict[str, str]) -> None:
        shutil.copytree(first, target, dirs_exist_ok=True)
        config = json.loads((first / "config.json").read_text())
        (target / "config.json").write_text(json.dumps(config | about))

    store.add("second", write)
    return folder


@pytest.fixture
def workspace(sound: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sound, tmp_path / "tiny"))


def about(workspace: Path, **changed: object) -> None:
    """Change what ``workspace.json`` says; None takes a key out."""
    held = json.loads((workspace / ABOUT).read_text()) | changed
    (workspace / ABOUT).write_text(json.dumps({key: value for key, value in held.items() if value is not None}))


@pytest.mark.parametrize(
    "harm",
    [
        lambda second: (second / "model.safetensors").write_bytes(b"x"),
        lambda second: (second / "metrics.json").write_text("{"),
        lambda second: (second / "checksums.json").write_text("[]"),
        lambda second: (second / "checksums.json").unlink(),
        lambda second: [file.unlink() for file in second.iterdir() if file.is_file()],
    ],
)
def test_a_damaged_model_is_named_can_be_removed_and_leaves_the_others(workspace, harm, capsys):
    store = ModelStore(workspace)
    harm(workspace / "models" / "second")
    assert list(store.damaged()) == ["second"]
    assert [entry.id for entry in store.list() if entry.current] == ["first"]
    assert open_model(workspace).id == "first"
    with pytest.raises(WorkspaceError, match="second"):
        open_model(workspace, "second")
    assert len(store.fingerprint()) == 16
    assert main(["models", "--workspace", str(workspace), "--json"]) == 0
    assert [row["id"] for row in json.loads(capsys.readouterr().out)["damaged"]] == ["second"]
    assert main(["models", "--workspace", str(workspace), "--remove", "second"]) == 0
    assert store.ids() == ["first"]


def test_current_is_another_model_once_it_is_made_so_and_cannot_be_removed_then(workspace, capsys):
    words = ["models", "--workspace", str(workspace)]
    assert main([*words, "--make-current", "second", "--remove", "first", "--json"]) == 0
    assert [row["id"] for row in json.loads(capsys.readouterr().out)["models"]] == ["second"]
    for wrong in (["--remove", "second"], ["--remove", ""], ["--remove", ".."], ["--make-current", "first"]):
        assert main([*words, *wrong]) == 2
        assert "should not happen" not in capsys.readouterr().err
    assert open_model(workspace).variant.model == ""


@pytest.mark.parametrize("model_id", ["first", "../first", ".hidden", "a/b", "模型"])
def test_an_id_that_is_taken_or_no_folder_s_name_is_refused_before_anything_is_written(workspace, model_id):
    before = sorted(p.name for p in (workspace / "models").iterdir())
    with pytest.raises(SettingError, match="cannot name a model"):
        ModelStore(workspace).add("another", lambda folder, about: None, model_id=model_id)
    assert sorted(p.name for p in (workspace / "models").iterdir()) == before


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"format": "reclens-model-2"}, "model.old"),
        ({"format": "reclens-model-9"}, "workspace.foreign"),
        ({"item_item": 5}, "workspace.damaged"),
        ({"item_item": "gone"}, "workspace.damaged"),
    ],
)
def test_what_a_model_says_of_itself_is_checked(workspace, changed, key):
    folder = ModelStore(workspace).folder("")
    config = json.loads((folder / "config.json").read_text()) | changed
    kept = {name: value for name, value in config.items() if value != "gone"}
    (folder / "config.json").write_text(json.dumps(kept))
    write_checksums(folder, workspace)
    with pytest.raises(WorkspaceError) as found:
        open_model(workspace)
    assert found.value.key == key
    listed = {entry.id for entry in ModelStore(workspace).list()} | ModelStore(workspace).damaged().keys()
    assert folder.name in listed, "left out nowhere"


def test_no_workspace_is_not_a_damaged_one(tmp_path):
    with pytest.raises(WorkspaceError) as found:
        _ = ModelStore(tmp_path).current
    assert found.value.key == "workspace.missing"


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"format": "reclens-workspace-1"}, "workspace.old"),
        ({"format": "reclens-workspace-9"}, "workspace.foreign"),
        ({"current": None}, "workspace.damaged"),
        ({"current": 5}, "workspace.damaged"),
        ({"name": None}, "workspace.damaged"),
        ({"split": {}}, "workspace.damaged"),
        ({"split": {"task": "implicit", "kind": "time", "seed": 0, "history": "50"}}, "workspace.damaged"),
    ],
)
def test_what_a_workspace_says_of_itself_is_checked(workspace, changed, key):
    about(workspace, **changed)
    with pytest.raises(WorkspaceError) as found:
        open_model(workspace)
    assert found.value.key == key
