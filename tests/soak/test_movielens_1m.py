"""MovieLens-1M from its original files, on both published protocols; the figures are printed."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest

MOST_SECONDS, MOST_BYTES = 15 * 60, 6e9


@pytest.fixture(scope="module")
def dataset(data_folder, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("ml-1m") / "data"
    found = run("import", "--format", "movielens-1m", str(data_folder / "ml-1m"), "--out", str(out))
    assert (found["n_users"], found["n_interactions"]) == (6040, 1_000_209)
    return out


def run(*words: str) -> dict:
    done = subprocess.run([sys.executable, "-m", "recsys_core", *words, "--json"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def train(dataset: Path, task: str) -> dict:
    began = time.monotonic()
    found = run("train", "--data", str(dataset), "--task", task, "--split", "random", "--out", f"{dataset}-{task}")
    found["wall_seconds"] = time.monotonic() - began
    found["peak_bytes"] = 1024 * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    shown = ("auc", "logloss", "ndcg@10", "recall@10", "wall_seconds", "peak_bytes")
    print(task, {k: found[k] for k in shown}, found["baselines"])
    return found


def test_like_on_the_ctr_protocol(dataset):
    found = train(dataset, "like")
    assert found["n_test"] == pytest.approx(73_901, abs=2), "8:1:1 of the ratings other than 3"
    assert found["auc"] >= 0.897
    assert found["logloss"] <= 0.314
    assert found["peak_bytes"] < MOST_BYTES


def test_implicit_on_the_top_k_protocol(dataset):
    found = train(dataset, "implicit")
    ease = found["baselines"]["ease"]["ndcg@10"]  # published for this protocol, reading training rows alone: .2875
    assert ease == pytest.approx(0.3016, abs=0.002)
    assert found["ndcg@10"] > 0.25
    assert found["ndcg@10"] > 2 * found["baselines"]["popularity"]["ndcg@10"]
    assert found["peak_bytes"] < MOST_BYTES
