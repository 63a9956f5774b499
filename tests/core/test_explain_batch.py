"""Lists of many users with their reasons: figures are those of ``explain``, and files are whole whatever happens."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from recsys_core.batch import partition as partition_module
from recsys_core.batch.output import MANIFEST
from recsys_core.batch.partition import PREFIX, ListExplainer
from recsys_core.batch.request import BatchRequest
from recsys_core.batch.run import explain_batch
from recsys_core.batch.users import read_partitions
from recsys_core.errors import DataError, RecLensError, SettingError
from recsys_core.explain.explain import explain
from recsys_core.models.workspace import open_model
from recsys_core.recommend import recommend, user_pairs

KEYS = {"k": 5, "background": 4}


def explained(explainer: ListExplainer, users: list[int]) -> pd.DataFrame:
    return pd.concat([table.to_pandas() for table in explainer.tables(np.array(users))], ignore_index=True)


def files(out: Path) -> dict[str, bytes]:
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}


def write_folder(folder: Path, parts: dict[str, list]) -> Path:
    for name, ids in parts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        pd.DataFrame({"noise": range(len(ids)), "user_id": ids}).to_parquet(folder / name, index=False)
    return folder


@pytest.mark.parametrize(
    ("fixture", "method", "units"),
    [
        ("tiny_workspace", "shapley", "logit"),
        ("term_workspace", "shapley", "logit"),
        ("term_workspace", "shapley", "probability"),
        ("term_workspace", "occlusion", "logit"),
        ("tiny_workspace", "lime", "logit"),
    ],
)
def test_rows_are_what_recommend_and_explain_say(request, fixture, method, units):
    workspace = request.getfixturevalue(fixture)
    asked = BatchRequest(workspace, k=3, method=method, background=5, seed=2, units=units)
    explainer = ListExplainer.open(asked)
    model, rows = explainer.model, explained(explainer, [7, 0])
    dataset, background = model.dataset, model.split_dataset.background(5, seed=2)
    assert rows["rank"].tolist() == [1, 2, 3, 1, 2, 3]
    for user in (7, 0):
        mine = rows[rows["user_id"] == dataset.users["user_id"].iloc[user]]
        listed = recommend(explainer.scorer, model.split_dataset, user, k=3).items
        assert mine["item_id"].tolist() == [item.item_id for item in listed]
        assert mine["title"].tolist() == [item.title for item in listed]
        assert mine["probability"].tolist() == pytest.approx([item.probability for item in listed], abs=1e-6)
        for item, row in zip(listed, mine.to_dict("records"), strict=True):
            pair = user_pairs(model.split_dataset, user, np.array([item.item_index]))
            wanted = explain(explainer.scorer, dataset, pair, background, method=method, seed=2, units=units)
            found = [row[PREFIX + reason.feature] for reason in wanted.contributions]
            assert found == pytest.approx([reason.contribution for reason in wanted.contributions], abs=2e-5)
            assert row["score"] == pytest.approx(item.score, abs=1e-5)
            assert row["base_value"] == pytest.approx(wanted.base_value, abs=2e-5)
            assert np.isnan(row["fit"]) if wanted.fit is None else row["fit"] == pytest.approx(wanted.fit, abs=1e-4)
            if method == "shapley":
                sums_to = row["score"] if units == "logit" else row["probability"]
                assert row["base_value"] + sum(found) == pytest.approx(sums_to, abs=1e-4)


def test_many_reasons_are_sampled_pair_by_pair(tiny_workspace, monkeypatch):
    asked = BatchRequest(tiny_workspace, k=2, background=2)
    together = explained(ListExplainer.open(asked), [1, 2])
    monkeypatch.setattr(partition_module, "EXACT_PLAYERS", 3)
    alone = explained(ListExplainer.open(asked), [2])
    columns = [c for c in together if c.startswith(PREFIX)]
    both = together[together["user_id"] == alone["user_id"][0]]
    assert np.allclose(both[columns], alone[columns], atol=1e-5)


def test_a_list_is_as_long_as_there_are_candidates(tiny_workspace):
    explainer = ListExplainer.open(BatchRequest(tiny_workspace, k=1000, background=1))
    rows = explained(explainer, [3])
    seen = explainer.model.split_dataset.histories.seen(3, "test")
    assert rows["rank"].tolist() == list(range(1, explainer.model.dataset.n_items - len(seen) + 1))


def test_files_are_equal_whatever_was_killed_and_with_any_number_of_processes(tiny_workspace, tmp_path):
    users = write_folder(
        tmp_path / "users", {f"day={d}/part-{p}.parquet": [10 * d + p + 1] for d in (0, 1) for p in range(6)}
    )
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    request = BatchRequest(tiny_workspace, k=2, background=4)
    report = explain_batch(request, users, whole, processes=1)
    assert (report.n_partitions, report.n_skipped, report.n_users) == (12, 0, 12)
    assert report.n_rows == sum(pq.read_metadata(path).num_rows for path in whole.rglob("*.parquet"))
    words = ["explain-batch", "--workspace", tiny_workspace, "--users", users, "--out", killed]
    command = [
        sys.executable,
        "-m",
        "recsys_core",
        *map(str, words),
        *["--k", "2", "--background", "4", "--processes", "2"],
    ]
    run = subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while run.poll() is None and not any(killed.rglob("*.parquet")):
        time.sleep(0.005)
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    for left in list(killed.rglob("day=1/*.parquet"))[:1]:  # a broken disk, and a run that was killed while it wrote
        left.write_bytes(left.read_bytes()[:100])
    (killed / "day=0").mkdir(exist_ok=True)
    (killed / "day=0" / ".part-3.parquet.x1y2").write_bytes(b"half")
    again = explain_batch(request, users, killed, processes=1)
    assert again.n_rows + again.n_rows_before == report.n_rows
    assert files(killed) == files(whole)
    last = explain_batch(request, users, killed, processes=1)
    assert (last.n_rows, last.n_skipped) == (0, 12)


def test_any_kind_of_file_names_its_users_and_each_counts_once(tiny_workspace, tmp_path):
    dataset = open_model(tiny_workspace).dataset
    ids = dataset.users["user_id"].tolist()[:5]
    frame = pd.DataFrame({"user_id": [*ids, ids[0], ids[0]], "age": 3})
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.to_csv(tmp_path / "b.tsv.gz", index=False, sep="\t")
    frame.to_parquet(tmp_path / "c.parquet")
    frame.astype({"user_id": int}).to_parquet(tmp_path / "d.parquet")
    frame[["user_id"]].to_csv(tmp_path / "e.csv", index=False)
    (tmp_path / "f.txt").write_text("\n".join([*ids, "", ids[0], f" {ids[0]} "]))
    for path in sorted(tmp_path.iterdir()):
        parts = read_partitions(path, dataset, size=2)
        assert [p.name for p in parts] == ["part-00000.parquet", "part-00001.parquet", "part-00002.parquet"]
        assert np.concatenate([p.users for p in parts]).tolist() == [0, 1, 2, 3, 4]
        assert sum(p.n_repeated for p in parts) == 2
    folder = write_folder(
        tmp_path / "folder",
        {"b.parquet": ids[:2], "e.parquet": [], "x/a.parquet": [ids[1], ids[1]], "_x/a.parquet": ["?"]},
    )
    parts = read_partitions(folder, dataset)
    assert [(p.name, p.users.tolist(), p.n_repeated) for p in parts] == [
        ("b.parquet", [0, 1], 0),
        ("e.parquet", [], 0),
        ("x/a.parquet", [1], 1),
    ]


def test_a_partition_without_rows_becomes_one_without_rows(tiny_workspace, tmp_path):
    """Engines write such files, and whoever reads the output looks for each name."""
    source, out = write_folder(tmp_path / "users", {"a.parquet": ["1"], "none.parquet": []}), tmp_path / "out"
    found = explain_batch(BatchRequest(tiny_workspace, **KEYS), source, out, processes=1)
    assert (found.n_rows, found.n_partitions) == (KEYS["k"], 2)
    whole, none = (pq.read_table(out / f"{name}.parquet") for name in ("a", "none"))
    assert len(none) == 0
    assert none.schema.equals(whole.schema)
    assert explain_batch(BatchRequest(tiny_workspace, **KEYS), source, out, processes=1).n_skipped == 2


def test_what_names_no_known_user_is_refused_with_file_and_row(tiny_workspace, tmp_path):
    (tmp_path / "a.csv").write_text("user_id,n\n1,2\n,2\n")
    (tmp_path / "b.txt").write_text("1\n\n2\nnobody\nnobody\n")
    (tmp_path / "c.csv").write_text("customer,n\n1,2\n")
    (tmp_path / "d.txt").write_text("")
    write_folder(tmp_path / "e", {"good.parquet": ["1"], "sub/bad.parquet": ["1", "2", "99999"]})
    write_folder(tmp_path / "f", {"none.parquet": []})
    (tmp_path / "g").mkdir()
    pd.DataFrame({"user": ["1"]}).to_parquet(tmp_path / "h.parquet")
    wanted = {
        "a.csv": ("a.csv", "row 3", "no user id"),
        "b.txt": ("b.txt", "row 4", "'nobody'", "2 such rows"),
        "c.csv": ("c.csv", "user_id", "customer, n"),
        "d.txt": ("d.txt",),
        "e": ("sub/bad.parquet", "row 3", "'99999'", "1 such row)"),
        "f": ("f names no user", "no Parquet file"),
        "g": ("no Parquet files",),
        "h.parquet": ("h.parquet", "user_id"),
        "nowhere": ("nowhere",),
    }
    for name, words in wanted.items():
        with pytest.raises(DataError) as refused:
            explain_batch(BatchRequest(tiny_workspace), tmp_path / name, tmp_path / "out")
        assert all(word in str(refused.value) for word in words), refused.value
        assert not (tmp_path / "out").exists()


def test_a_folder_holds_one_run(tiny_workspace, tmp_path):
    users = write_folder(tmp_path / "users", {"a.parquet": ["1"], "b.parquet": ["2"]})
    out = tmp_path / "out"
    explain_batch(BatchRequest(tiny_workspace, **KEYS), users, out, processes=1)
    before = files(out)
    assert set(before) == {MANIFEST, "a.parquet", "b.parquet"}
    assert len(pd.read_parquet(out)) == 10, "the folder is a table"
    for change in ({"k": 6}, {"background": 3}, {"seed": 1}, {"method": "occlusion"}, {"units": "probability"}):
        with pytest.raises(SettingError, match=next(iter(change))):
            explain_batch(BatchRequest(tiny_workspace, **KEYS | change), users, out, processes=1)
    write_folder(users, {"b.parquet": ["3"]})
    with pytest.raises(SettingError, match=r"b\.parquet"):
        explain_batch(BatchRequest(tiny_workspace, **KEYS), users, out, processes=1)
    assert files(out) == before
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    for wrong, key in ((users / "out", "batch.inside"), (users, "batch.inside"), (tmp_path / "mine", "batch.foreign")):
        with pytest.raises(SettingError) as refused:
            explain_batch(BatchRequest(tiny_workspace, **KEYS), users, wrong, processes=1)
        assert refused.value.key == key


def test_a_full_disk_leaves_whole_files_alone(tiny_workspace, tmp_path):
    users = write_folder(tmp_path / "users", {"a.parquet": ["1"], "b.parquet": [str(u) for u in range(1, 21)]})
    out, request = tmp_path / "out", BatchRequest(tiny_workspace, background=1)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (15_000, hard))  # a file may grow so far and no further
    try:
        with pytest.raises(SettingError, match=r"b\.parquet .*1 of 2 partitions are whole") as refused:
            explain_batch(request, users, out, processes=1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert refused.value.key == "batch.write"
    assert set(files(out)) == {MANIFEST, "a.parquet"}
    assert explain_batch(request, users, out, processes=1).n_skipped == 1


def test_arguments_that_cannot_be_meant_are_refused(tiny_workspace, tmp_path):
    (tmp_path / "users.txt").write_text("1\n")
    asked = (tmp_path / "users.txt", tmp_path / "out")
    for wrong in ({"k": 0}, {"background": 0}, {"units": "odds"}, {"method": "guess"}):
        with pytest.raises(SettingError, match=next(iter(wrong))):
            explain_batch(BatchRequest(tiny_workspace, **wrong), *asked)
    for how, word in (
        ({"size": 0}, "partition-size"),
        ({"processes": 0}, "processes"),
        ({"engine_name": "x"}, "local"),
    ):
        with pytest.raises(SettingError, match=word):
            explain_batch(BatchRequest(tiny_workspace), *asked, **how)
    assert not (tmp_path / "out").exists()


def test_ray_gives_the_same_files_or_says_how_to_get_it(tiny_workspace, tmp_path):
    users = write_folder(tmp_path / "users", {"a.parquet": ["1", "2"], "x/b.parquet": ["3"]})
    request = BatchRequest(tiny_workspace, **KEYS)
    if find_spec("ray") is None:
        with pytest.raises(SettingError, match=r"requirements-ray\.txt"):
            explain_batch(request, users, tmp_path / "ray", engine_name="ray")
        pytest.skip("Ray is not installed: its files are not compared (pip install -r requirements-ray.txt)")
    explain_batch(request, users, tmp_path / "local", processes=1)
    explain_batch(request, users, tmp_path / "ray", engine_name="ray", processes=2)
    assert files(tmp_path / "ray") == files(tmp_path / "local")
    shutil.rmtree(tmp_path / "ray" / "x")
    assert explain_batch(request, users, tmp_path / "ray", engine_name="ray", processes=2).n_skipped == 1
    assert files(tmp_path / "ray") == files(tmp_path / "local")


def test_an_error_arrives_whole_from_another_process():
    import pickle

    error = pickle.loads(pickle.dumps(DataError("batch.no_user", file="f", row=3)))
    assert (type(error), error.key, error.values, str(error)) == (
        DataError,
        "batch.no_user",
        {"file": "f", "row": 3},
        "f, row 3: there is no user id; fill or drop it.",
    )
    assert isinstance(error, RecLensError)
