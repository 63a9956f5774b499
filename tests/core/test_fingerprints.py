"""A workspace answers for its own data alone: whatever a figure is made from is behind its fingerprint."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from small_data import CLICKS, ITEMS, USERS, write_tables

from recsys_core.__main__ import main
from recsys_core.compare.report_store import load_report, measurement_file
from recsys_core.data.dataset import Dataset
from recsys_core.data.folder import atomic_write
from recsys_core.data.importers import import_dataset
from recsys_core.data.schema import Schema
from recsys_core.errors import RecLensError, WorkspaceError
from recsys_core.models.artifact import fingerprint, write_checksums
from recsys_core.models.workspace import open_model


@pytest.fixture
def copy(tiny_workspace: Path, tmp_path: Path) -> Path:
    shutil.copytree(tiny_workspace, tmp_path / "w")
    return tmp_path / "w"


def other_outcomes(data: Dataset) -> Dataset:
    return replace(data, interactions=data.interactions.assign(value=1 - data.interactions["value"]))


def other_time(data: Dataset) -> Dataset:
    return replace(data, interactions=data.interactions.assign(time=data.interactions["time"] + 1))


def other_user(data: Dataset) -> Dataset:
    ages = data.users["age"].to_numpy().copy()
    ages[3] += 1
    return replace(data, users=data.users.assign(age=ages))


def other_item(data: Dataset) -> Dataset:
    return replace(data, items=data.items.assign(category=np.roll(data.items["category"], 1)))


def other_schema(data: Dataset) -> Dataset:
    columns = tuple(replace(c, sensitive=not c.sensitive) if c.name == "age" else c for c in data.schema.users)
    return replace(data, schema=replace(data.schema, users=columns))


def other_truth(data: Dataset) -> Dataset:
    return replace(data, truth=data.truth | {"best_auc": 0.5})


OTHERS = [other_outcomes, other_time, other_user, other_item, other_schema, other_truth]


@pytest.mark.parametrize("change", OTHERS, ids=lambda f: f.__name__)
def test_other_data_under_the_same_model_are_refused(copy, change):
    data = Dataset.load(copy / "dataset")
    assert data.truth is not None
    changed = change(data)
    assert changed.fingerprint() != data.fingerprint()
    changed.save(copy / "dataset")
    assert Dataset.load(copy / "dataset").fingerprint() == changed.fingerprint()  # the data alone are sound
    with pytest.raises(WorkspaceError) as caught:
        open_model(copy)
    assert caught.value.key == "workspace.other_data"


def test_the_command_line_says_it_in_one_line(copy, capsys):
    other_outcomes(Dataset.load(copy / "dataset")).save(copy / "dataset")
    assert main(["recommend", "--workspace", str(copy), "--user", "1"]) == 2
    told = capsys.readouterr()
    assert (told.out, len(told.err.strip().splitlines())) == ("", 1)
    assert "not the one that the model was trained on" in told.err


@pytest.mark.parametrize(
    "file",
    ["dataset/interactions.parquet", "dataset/users.parquet", "dataset/truth.json", "models/first/config.json",
     "models/first/metrics.json", "models/first/schema.json", "models/first/texts.safetensors"],
)  # fmt: skip
def test_every_file_behind_a_figure_is_checked(copy, file):
    data = bytearray((copy / file).read_bytes())
    data[len(data) // 2] ^= 1
    (copy / file).write_bytes(bytes(data))
    with pytest.raises(RecLensError, match=Path(file).name):
        open_model(copy)


def test_checksums_that_do_not_speak_of_the_data_are_refused(copy):
    sums = json.loads((copy / "models" / "first" / "checksums.json").read_text())
    del sums["dataset/dataset.json"]
    (copy / "models" / "first" / "checksums.json").write_text(json.dumps(sums))
    with pytest.raises(WorkspaceError, match="checksums"):
        open_model(copy)


def test_reports_of_other_data_are_not_served(half_report, copy):
    report, workspace = half_report
    atomic_write(measurement_file_of(copy, report), measurement_file(workspace, report.variant).read_bytes())
    assert load_report(open_model(copy), report.variant) is not None
    before = fingerprint(copy / "models" / "first")
    other_time(Dataset.load(copy / "dataset")).save(copy / "dataset")
    write_checksums(copy / "models" / "first", copy)  # as if it had been trained on them
    assert fingerprint(copy / "models" / "first") != before
    assert load_report(open_model(copy), report.variant) is None


def measurement_file_of(folder: Path, report) -> Path:
    (folder / "models" / "first" / "measurements").mkdir(exist_ok=True)
    return folder / "models" / "first" / "measurements" / f"{report.variant.settings_key}.json"


@pytest.fixture(scope="module")
def half_report(tiny_workspace, tmp_path_factory):
    from recsys_core.compare import measure_variant
    from recsys_core.variant import ModelVariant

    folder = tmp_path_factory.mktemp("measured") / "w"
    shutil.copytree(tiny_workspace, folder)
    workspace = open_model(folder)
    return measure_variant(workspace, ModelVariant.compressed(sparsity=0.5, pruning="unstructured")), workspace


def test_a_fingerprint_is_of_the_content_and_not_of_how_it_was_read(tmp_path):
    tables = {"users.csv": USERS, "items.csv": ITEMS, "interactions.csv": CLICKS}
    plain = import_dataset("tables", write_tables(tmp_path / "plain", tables), None)
    mapping = {
        "name": "another name",
        "users": {"file": "people.csv", "id": "user_id", "name": "name"},
        "items": {"file": "things.csv", "id": "item_id", "title": "title"},
        "interactions": {"file": "log.csv", "user": "user_id", "item": "item_id", "time": "time", "value": "outcome"},
    }
    files = {"people.csv": USERS, "things.csv": ITEMS, "log.csv": CLICKS, "mapping.json": json.dumps(mapping)}
    mapped = import_dataset("tables", write_tables(tmp_path / "mapped", files), None)
    assert (mapped.name, mapped.fingerprint()) == ("another name", plain.fingerprint())
    plain.save(tmp_path / "saved")
    assert Dataset.load(tmp_path / "saved").fingerprint() == plain.fingerprint()


def test_column_names_never_run_into_one_another():
    def of(*columns: str) -> str:
        users = pd.DataFrame({name: ["x"] for name in ("user_id", *columns)})
        items = pd.DataFrame({"item_id": ["i"], "title": ["t"]})
        log = pd.DataFrame({"user_index": [0], "item_index": [0], "value": [1.0], "time": [0]})
        return Dataset("x", Schema((), ()), users, items, log).fingerprint()

    assert of("a,b", "c") != of("a", "b,c")


def test_a_file_called_truth_that_is_not_ours_is_left_alone(tmp_path):
    files = {"users.csv": USERS, "items.csv": ITEMS, "interactions.csv": CLICKS}
    for i, text in enumerate(("[1, 2]", '{"best_auc": 1}')):
        assert (
            import_dataset("tables", write_tables(tmp_path / str(i), files | {"truth.json": text}), None).truth is None
        )
