"""The demo's model finds the planted truth, over three seeds of the generator."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).resolve().parents[2] / "benchmarks" / "truth.py"


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_planted_truth_is_found(seed, tmp_path):
    spec = importlib.util.spec_from_file_location("truth", BENCHMARK)
    truth = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(truth)
    missed = []
    for name, value, asked in truth.measure(tmp_path, seed):
        print(f"seed {seed}  {name}: {value}")
        if asked is not None and not asked(value) and "seconds" not in name:
            missed.append((name, value))
    assert missed == []
