"""Work that is killed at any moment leaves the old workspace or none, and the next run succeeds."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from recsys_core.data.dataset import Dataset
from recsys_core.models.workspace import Workspace, open_model

KILLS = 8
SMALL = ("--epochs", "2")


def start(*words: object) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "recsys_core", *map(str, words)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


@pytest.fixture(scope="module")
def data(tiny_workspace, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("kills") / "data"
    open_model(tiny_workspace).dataset.save(folder)
    return folder


@pytest.fixture(scope="module")
def seconds(data, tmp_path_factory) -> float:
    began = time.monotonic()
    assert start("train", "--data", data, "--out", tmp_path_factory.mktemp("timed") / "w", *SMALL).wait() == 0
    return time.monotonic() - began


@pytest.mark.parametrize("kind", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("before", ["nothing", "a workspace"])
def test_killed_training(kind, before, data, seconds, tiny_workspace, tmp_path):
    rng = random.Random(f"{kind} {before}")
    out = tmp_path / "workspace"
    for _ in range(KILLS):
        if before == "a workspace" and not out.exists():
            shutil.copytree(tiny_workspace, out)
        work = start("train", "--data", data, "--out", out, *SMALL)
        time.sleep(rng.uniform(0.3, 1.1) * seconds)
        os.kill(work.pid, kind)
        work.wait(60)
        if out.exists():
            assert open_model(out).dense is not None, "whole: checksums agree"
        elif before == "a workspace":
            pytest.fail("the old workspace is gone")
    assert start("train", "--data", data, "--out", out, *SMALL).wait() == 0
    assert open_model(out).training.model["auc"] > 0
    assert [p.name for p in tmp_path.iterdir()] == ["workspace"], "nothing is left beside it"


@pytest.mark.parametrize("kind", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_killed_mendings(kind, tiny_workspace, tmp_path):
    """The model that was there is never touched, and the mended one is whole or not there."""
    out, rng = tmp_path / "workspace", random.Random(str(kind))
    shutil.copytree(tiny_workspace, out)
    words = ("mend", "--workspace", out, "--method", "reweigh,leave-out", "--by", "gender", "--name", "mended")
    fingerprint = open_model(out).fingerprint
    for _ in range(KILLS):
        work = start(*words)
        time.sleep(rng.uniform(1.0, 8.0))
        os.kill(work.pid, kind)
        work.wait(60)
        assert open_model(out).fingerprint == fingerprint
        store = Workspace.open(out).models
        for model_id in set(store.ids()) - {"first"}:
            assert open_model(out, model_id).mendings, "whole: checksums agree"
            store.remove(model_id)
    assert start(*words).wait() == 0
    assert sorted(p.name for p in (out / "models").iterdir()) == ["first", "mended"], "nothing is left beside it"


def test_killed_measurements(tiny_workspace, tmp_path):
    """A measured level is stored whole or not at all."""
    from recsys_core.compare import stored_reports

    out = tmp_path / "workspace"
    shutil.copytree(tiny_workspace, out)
    rng = random.Random(1)
    for _ in range(KILLS):
        work = start("compress", "--workspace", out, "--sparsity", "0.5", "--bits", "8")
        time.sleep(rng.uniform(1.0, 6.0))
        os.kill(work.pid, signal.SIGKILL)
        work.wait(60)
        assert len(list(stored_reports(open_model(out)))) <= 1
    assert start("compress", "--workspace", out, "--sparsity", "0.5", "--bits", "8").wait() == 0
    assert len(list(stored_reports(open_model(out)))) == 1


def test_killed_import(data, tmp_path):
    from small_data import SHOP, write_tables

    source = write_tables(tmp_path / "source", SHOP)
    for at in range(KILLS):
        work = start("import", "--format", "tables", source, "--out", tmp_path / "out")
        time.sleep(0.1 + 0.25 * at)
        os.kill(work.pid, signal.SIGKILL)
        work.wait(60)
        if (tmp_path / "out").exists():
            assert Dataset.load(tmp_path / "out").n_interactions == 12
