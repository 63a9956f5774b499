"""A top-K workspace beside other libraries: ``.venv/bin/python benchmarks/peers.py WORKSPACE [--minutes 20]``.

The same split, users, known histories and seen items left out, and one metric code (`rank_users`) for all: our ranker,
our baselines, and the models of `implicit`, `lenskit` and `cornac` in ``peer_models.py``. Of each model the settings
are those that rank validation best, of lenskit and cornac the best model. Each line of the table (a model of implicit,
or a library) has so many minutes for choosing and the last fit together. A model that cannot read a history newer than
what it was fitted on is fitted again, on training and validation rows, before the test; the others read those too.

The libraries are no requirement of RecLens: they are installed into an environment of their own (``--env FOLDER`` keeps
it for the next time), which sees this one's torch; each fit is a process of its own and exchanges arrays as files.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import sysconfig
import tempfile
import time
import venv
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))

from peer_models import PEERS

from recsys_core.metrics import mean_interval
from recsys_core.models.baselines import BASELINES
from recsys_core.models.evaluation import rank_users
from recsys_core.models.split_dataset import RankingTask, SplitDataset
from recsys_core.models.trained_model import TrainedModel
from recsys_core.models.workspace import open_model
from recsys_core.progress import silent
from recsys_core.results import RankingResult

PACKAGES = ("implicit==0.7.3", "lenskit==2025.8.1", "cornac==3.0.1")
READY = "peers.json"
VALIDATION_USERS = 2000  # settings are chosen on at most so many, drawn by the split's seed
LINES = {  # what competes for a line of the table
    "implicit BPR": ("implicit BPR",),
    "implicit ALS": ("implicit ALS",),
    "lenskit": tuple(name for name, peer in PEERS.items() if peer.library == "lenskit"),
    "cornac": tuple(name for name, peer in PEERS.items() if peer.library == "cornac"),
}


@dataclass(frozen=True)
class Line:
    """A line of the table; ``seconds`` by the clock, choosing included; ``difference`` is ours less theirs."""

    name: str
    ndcg: float
    recall: float
    interval: tuple[float, float]
    difference: tuple[float, float, float]
    seconds: float
    settings: dict[str, Any]
    n_tried: int = 1


@dataclass(frozen=True)
class Stored:
    """Scores that another process wrote, row by row those of ``users`` (ascending)."""

    users: np.ndarray
    scores: np.ndarray

    def score_catalogue(self, users: np.ndarray, histories: np.ndarray, known: object) -> np.ndarray:
        return np.asarray(self.scores[np.searchsorted(self.users, users)])


def make_environment(folder: Path) -> Path:
    """Python of an environment with the libraries that also sees the packages of this one; made where it is not yet."""
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if (folder / READY).is_file() and json.loads((folder / READY).read_text()) == list(PACKAGES):
        return python
    print(f"installing {', '.join(PACKAGES)} into {folder}", flush=True)
    venv.create(folder, with_pip=True)
    found = subprocess.run([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], **_text())
    (Path(found.stdout.strip()) / "reclens.pth").write_text(sysconfig.get_path("purelib") + "\n")
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES], check=True)
    (folder / READY).write_text(json.dumps(PACKAGES))
    return python


def _text() -> dict[str, Any]:
    return {"check": True, "capture_output": True, "text": True}


@dataclass(frozen=True)
class Bench:
    """The data of all lines: users to choose by and to be tested on, and the files for the other processes."""

    split_dataset: SplitDataset
    validation: RankingTask
    test: RankingTask
    python: Path
    folder: Path

    @classmethod
    def of(cls, split_dataset: SplitDataset, python: Path, folder: Path) -> Bench:
        validation = split_dataset.ranking("validation", most=VALIDATION_USERS)
        bench = cls(split_dataset, validation, split_dataset.ranking("test"), python, folder)
        everyone = np.arange(split_dataset.dataset.n_users)
        for fit in ("validation", "test"):
            table = split_dataset.histories.known(everyone, fit).csr()
            for part, task in (("validation", validation), ("test", bench.test)):
                known = task.known.csr()
                arrays = {"fit_indptr": table.indptr, "fit_indices": table.indices, "shape": table.shape}
                arrays |= {"known_indptr": known.indptr, "known_indices": known.indices, "users": task.users}
                np.savez(folder / f"{fit}-{part}.npz", **arrays)
        return bench

    def rank(self, name: str, settings: dict[str, Any], part: str, seconds: float) -> RankingResult | None:
        """Lists of a model that is fitted in another process within so many seconds; None where it was not, and said.

        For the test, one that cannot read newer histories is fitted on all that is known then.
        """
        fit = "validation" if PEERS[name].reads_history else part
        scores = self.folder / "scores.npy"
        wanted = json.dumps({"peer": name, "settings": settings})
        worker = Path(__file__).with_name("peer_models.py")
        command = [self.python, worker, self.folder / f"{fit}-{part}.npz", scores, wanted]
        try:
            subprocess.run([*map(str, command)], timeout=max(seconds, 1), **_text())
        except subprocess.TimeoutExpired:
            print(f"  {name} {settings}: not done in {seconds:.0f} s", flush=True)
            return None
        except subprocess.CalledProcessError as problem:
            print(f"  {name} {settings}: {(problem.stderr.strip() or 'failed').splitlines()[-1][:200]}", flush=True)
            return None
        task = self.validation if part == "validation" else self.test
        ranking = rank_users(Stored(task.users, np.load(scores, mmap_mode="r")).score_catalogue, task)
        scores.unlink()
        return ranking


def candidates(names: tuple[str, ...]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every model's first settings, then every model's second ones, …: a short budget has seen each model."""
    for place in range(max(len(PEERS[name].grid) for name in names)):
        yield from ((name, PEERS[name].grid[place]) for name in names if place < len(PEERS[name].grid))


def line_of_peer(bench: Bench, line: str, ours: RankingResult, minutes: float) -> Line | None:
    """A line of the table: the best of its models and settings on validation, fitted again for the test.

    A try may take four tenths of what is left, so that the last fit of the same settings has its time.
    """
    began = time.perf_counter()
    left = lambda: 60 * minutes - (time.perf_counter() - began)  # noqa: E731
    tried: list[tuple[float, float, str, dict[str, Any]]] = []
    for name, settings in candidates(LINES[line]):
        slowest = max((seconds for _, seconds, _, _ in tried), default=0.0)
        if left() < 2.5 * slowest + 1:
            break
        start = time.perf_counter()
        ranking = bench.rank(name, settings, "validation", 0.4 * left())
        if ranking is not None:
            seconds, value = time.perf_counter() - start, float(ranking.ndcg.mean())
            tried.append((value, seconds, name, settings))
            print(f"  {name} {settings}: validation NDCG@10 {value:.4f}, {seconds:.0f} s", flush=True)
    for _, _, name, settings in sorted(tried, key=lambda each: -each[0]):
        ranking = bench.rank(name, settings, "test", left())
        if ranking is not None:
            return describe(line, ranking, ours, time.perf_counter() - began, {"model": name} | settings, len(tried))
    return None


def describe(
    name: str, ranking: RankingResult, ours: RankingResult, seconds: float, settings: dict[str, Any], n_tried: int = 1
) -> Line:
    change = ours.ndcg - ranking.ndcg
    difference = (float(change.mean()), *mean_interval(change, seed=0))
    low_high = mean_interval(ranking.ndcg, seed=0)
    return Line(
        name, float(ranking.ndcg.mean()), float(ranking.recall.mean()), low_high, difference, seconds, settings, n_tried
    )


def lines(bench: Bench, model: TrainedModel, minutes: float, only: list[str]) -> Iterator[Line]:
    """Ours first, then the baselines of RecLens, then the other libraries."""
    ours = rank_users(model.dense.score_catalogue, bench.test)
    about = {"epochs": model.config["epochs"], "item_item": model.config.get("item_item")}
    yield describe("RecLens", ours, ours, model.training.seconds, about)
    for name, fit in BASELINES.items():
        began = time.perf_counter()
        baseline = fit(bench.split_dataset, silent)
        ranking = rank_users(baseline.score_catalogue, bench.test)
        yield describe(f"RecLens {name}", ranking, ours, time.perf_counter() - began, baseline.settings)
    for name in only:
        print(name, flush=True)
        if (line := line_of_peer(bench, name, ours, minutes)) is not None:
            yield line


def table(found: list[Line]) -> Iterator[str]:
    head = f"{'':20s} {'NDCG@10':>8s} {'95 %':>15s} {'recall@10':>9s} {'ours less theirs':>24s} {'seconds':>8s}"
    yield f"{head}  settings"
    for line in found:
        low, high = line.interval
        difference, below, above = line.difference
        settings = ", ".join(f"{key} {value}" for key, value in line.settings.items())
        yield (
            f"{line.name:20s} {line.ndcg:8.4f} {f'{low:.4f}-{high:.4f}':>15s} {line.recall:9.4f} "
            f"{f'{difference:+.4f} [{below:+.4f}, {above:+.4f}]':>24s} {line.seconds:8.0f}  {settings}"
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--minutes", type=float, default=20, help="for each line: choosing and the last fit together")
    parser.add_argument("--only", nargs="+", choices=LINES, default=list(LINES))
    parser.add_argument("--env", type=Path, default=None, metavar="FOLDER", help="environment to make or to use again")
    parser.add_argument("--json", type=Path, default=None, metavar="FILE")
    options = parser.parse_args()
    model = open_model(options.workspace)
    split = model.split_dataset.split
    if split.task != "implicit":
        print(f"a workspace of task implicit is needed; this one is of {split.task}")
        return 2
    with tempfile.TemporaryDirectory() as scratch:
        python = make_environment(options.env or Path(scratch) / "env")
        bench = Bench.of(model.split_dataset, python, Path(scratch))
        where = f"{model.dataset.name}, split {split.kind}, seed {split.seed}: {len(bench.test)} test users"
        machine = f"{os.cpu_count()} cores, {platform.machine()}, at most {options.minutes:g} minutes a line"
        print(f"{where}; {machine}", flush=True)
        found = list(lines(bench, model, options.minutes, options.only))
    print(*table(found), sep="\n")
    if options.json:
        about = {"where": where, "machine": machine, "packages": PACKAGES}
        options.json.write_text(json.dumps(about | {"lines": [asdict(line) for line in found]}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
