"""How time and memory grow with the data: ``.venv/bin/python benchmarks/scale.py [--largest 1e6]``.

Generated logs of ten thousand interactions and ten times as many each time, in two series: ``root``, where users and
items grow with the square root of the interactions (MovieLens-1M's shape at a million), and ``users``, where users grow
alone (20 interactions each, 2,000 items). Import, split, train, evaluate, open and the first explanation run each in a
process of its own, so that the peak memory is its own (Python, torch and pandas alone are about 0.4 GB of it). Prints
a table, and how steep each step is: the slope of log(CPU seconds) over log(interactions), 1 where it is linear.

Training runs as a person would run it; ``--epochs`` caps it (said in the table's head), ``--train-largest`` leaves it
and what needs a model out for larger logs.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

KINDS, KINDS_A_CATEGORY, FAVOURITES = (
    24,
    3,
    (0.4, 0.2, 0.1, 0.1),
)  # shares of a user's interactions; the rest is any kind
PERIOD = (1_600_000_000, 1_700_000_000)
WORDS = ("lamp", "novel", "kettle", "scarf", "chess set", "bicycle bell", "teapot", "tent")
BACKGROUND = 32  # rows, as the page takes them
SERIES = ("root", "users")


@dataclass(frozen=True)
class Size:
    """A log to generate."""

    series: str
    n: int

    @property
    def n_users(self) -> int:
        return round(6 * self.n**0.5) if self.series == "root" else self.n // 20

    @property
    def n_items(self) -> int:
        return round(4 * self.n**0.5) if self.series == "root" else 2000

    @property
    def name(self) -> str:
        return f"{self.series}-{self.n}"


@dataclass(frozen=True)
class Row:
    """What one step took: seconds by the clock and of processor time, and the peak of its process in MB."""

    series: str
    interactions: int
    users: int
    items: int
    step: str
    seconds: float
    cpu_seconds: float
    peak_mb: float


class Log(NamedTuple):
    """A generated log: each interaction's user, item and time, each pair once, and the kind of each item."""

    user: np.ndarray
    item: np.ndarray
    time: np.ndarray
    kind: np.ndarray


def generate(size: Size, seed: int) -> Log:
    """``size.n`` interactions with a taste to learn.

    Each user has four favourite kinds of item, from which most of what is taken comes; some users take more than
    others, some items of a kind are taken more often. Of the kind the tables tell a person the category only.
    """
    random = np.random.default_rng([seed, size.n, SERIES.index(size.series)])
    kind = np.sort(random.integers(KINDS, size=size.n_items))
    weight = np.cumsum(random.pareto(2.0, size.n_items) + 0.2)
    bounds = np.append(0, weight)[np.searchsorted(kind, np.arange(KINDS + 1))]
    favourites = random.permuted(np.tile(np.arange(KINDS, dtype=np.int8), (size.n_users, 1)), axis=1)
    activity = np.cumsum(random.lognormal(0, 0.5, size.n_users))
    pairs = np.zeros(0, dtype=np.int64)
    while len(pairs) < size.n:
        n_more = 1000 + int(1.3 * (size.n - len(pairs)))
        user = np.searchsorted(activity, random.random(n_more) * activity[-1])
        place = np.searchsorted(np.cumsum(FAVOURITES), random.random(n_more))
        any_kind = random.integers(len(FAVOURITES), KINDS, n_more)
        wanted = favourites[user, np.where(place < len(FAVOURITES), place, any_kind)]
        at = bounds[wanted] + random.random(n_more) * (bounds[wanted + 1] - bounds[wanted])
        item = np.minimum(np.searchsorted(weight, at), size.n_items - 1)
        pairs = np.unique(np.append(pairs, user * size.n_items + item))
    pairs = random.permutation(pairs)[: size.n]
    return Log(pairs // size.n_items, pairs % size.n_items, random.integers(*PERIOD, size.n), kind)


def write_tables(size: Size, seed: int, folder: Path) -> None:
    """The log and its users and items as CSV files that ``import --format tables`` reads without a mapping."""
    import pyarrow as pa
    from pyarrow import csv

    log, random = generate(size, seed), np.random.default_rng([seed, 1])
    folder.mkdir(parents=True)
    category = log.kind // KINDS_A_CATEGORY
    users = {
        "user_id": [f"u{i}" for i in range(size.n_users)],
        "age": random.integers(16, 80, size.n_users),
        "region": np.array(["north", "east", "south", "west"])[random.integers(4, size=size.n_users)],
    }
    items = {
        "item_id": [f"i{i}" for i in range(size.n_items)],
        "title": [f"{WORDS[c]} {i}" for i, c in enumerate(category.tolist())],
        "category": [WORDS[c] for c in category.tolist()],
        "price": np.round(random.lognormal(3, 0.6, size.n_items), 2),
    }
    ids = {name: pa.array(table[name]) for table, name in ((users, "user_id"), (items, "item_id"))}
    taken = {"user_id": ids["user_id"].take(pa.array(log.user)), "item_id": ids["item_id"].take(pa.array(log.item))}
    for name, columns in (("users", users), ("items", items), ("interactions", taken | {"time": log.time})):
        csv.write_csv(pa.table(columns), folder / f"{name}.csv")


def prepare_import(folder: Path, options: argparse.Namespace) -> Callable[[], object]:
    from recsys_core.data.importers import import_dataset

    return lambda: import_dataset("tables", folder / "tables").save(folder / "dataset")


def prepare_split(folder: Path, options: argparse.Namespace) -> Callable[[], object]:
    from recsys_core.data.dataset import Dataset
    from recsys_core.models.split_dataset import SplitDataset

    return lambda: SplitDataset.build(Dataset.load(folder / "dataset"), task="implicit", kind="time", seed=options.seed)


def prepare_train(folder: Path, options: argparse.Namespace) -> Callable[[], object]:
    from recsys_core.data.dataset import Dataset
    from recsys_core.models.fit import FitRequest, fit_workspace

    request = FitRequest(seed=options.seed, epochs=options.epochs)
    return lambda: fit_workspace(Dataset.load(folder / "dataset"), folder / "workspace", request)


def prepare_evaluate(folder: Path, options: argparse.Namespace) -> Callable[[], object]:
    from recsys_core.models.evaluation import evaluate
    from recsys_core.models.workspace import open_model

    model = open_model(folder / "workspace")
    return lambda: evaluate(model.dense, model.split_dataset)


def prepare_open(folder: Path, options: argparse.Namespace) -> Callable[[], object]:
    from recsys_core.models.workspace import open_model

    return lambda: open_model(folder / "workspace").dense


def prepare_explain(folder: Path, options: argparse.Namespace) -> Callable[[], object]:
    """The first explanation of an opened workspace: of the best item of a user."""
    from recsys_core.explain.explain import explain
    from recsys_core.models.workspace import open_model
    from recsys_core.recommend import recommend, user_pairs

    model = open_model(folder / "workspace")

    def first() -> object:
        item = recommend(model.dense, model.split_dataset, 0).items[0].item_index
        pair = user_pairs(model.split_dataset, 0, np.array([item]))
        background = model.split_dataset.background(BACKGROUND, seed=options.seed)
        return explain(model.dense, model.dataset, pair, background, seed=options.seed)

    return first


STEPS = {
    "import": prepare_import,
    "split": prepare_split,
    "train": prepare_train,
    "evaluate": prepare_evaluate,
    "open": prepare_open,
    "explain": prepare_explain,
}
WITHOUT_MODEL = ("import", "split")


def measure(step: str, size: Size, folder: Path, options: argparse.Namespace) -> Row:
    """One step in this process; what it begins with is opened, and libraries are loaded, before the clock runs."""
    run = STEPS[step](folder, options)
    began, cpu = time.perf_counter(), time.process_time()
    run()
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    unit = 2**20 if sys.platform == "darwin" else 2**10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    return Row(size.series, size.n, size.n_users, size.n_items, step, seconds, cpu, peak)


def apart(function: Callable, *arguments: object) -> object:
    """What a function returns, computed in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def measure_all(sizes: Iterable[Size], root: Path, options: argparse.Namespace) -> Iterable[Row]:
    """Every step of every size; a step whose process ends (out of memory) is said, and what needs it is left out."""
    for size in sizes:
        folder = root / size.name
        if not (folder / "tables").exists():
            apart(write_tables, size, options.seed, folder / "tables")
        for step in options.steps:
            if size.n > options.train_largest and step not in WITHOUT_MODEL:
                continue
            try:
                yield apart(measure, step, size, folder, options)
            except BrokenProcessPool:
                print(f"{size.name}: {step} was ended by the system: too little memory?", flush=True)
                break


def line(row: Row) -> str:
    sizes = f"{row.series:6s} {row.interactions:11,d} {row.users:9,d} {row.items:7,d}"
    return f"{sizes}  {row.step:9s} {row.seconds:9.2f} {row.cpu_seconds:9.2f} {row.peak_mb:9,.0f}"


HEAD = (
    f"{'series':6s} {'interactions':>11s} {'users':>8s} {'items':>7s}  "
    f"{'step':9s} {'seconds':>9s} {'CPU s':>9s} {'peak MB':>9s}"
)


def slopes(rows: Iterable[Row], figure: str = "cpu_seconds") -> dict[tuple[str, str], float]:
    """Slope of log(figure) over log(interactions) by series and step, where there are two sizes or more."""
    rows, found = list(rows), {}
    for key in dict.fromkeys((r.series, r.step) for r in rows):
        some = [r for r in rows if (r.series, r.step) == key]
        if len(some) > 1:
            x, y = (np.log([getattr(r, name) for r in some]) for name in ("interactions", figure))
            found[key] = float(np.polyfit(x, y, 1)[0])
    return found


def report(rows: list[Row]) -> Iterable[str]:
    """Lines of the second table: slopes of time and memory, and how much steeper than the log the largest step is."""
    seconds, memory = slopes(rows), slopes(rows, "peak_mb")
    yield f"{'series':6s} {'step':9s} {'slope of CPU time':>18s} {'of peak memory':>15s}   last ten times the rows"
    for (series, step), slope in seconds.items():
        last = sorted((r for r in rows if (r.series, r.step) == (series, step)), key=lambda r: r.interactions)[-2:]
        growth = last[1].cpu_seconds / last[0].cpu_seconds
        yield f"{series:6s} {step:9s} {slope:18.2f} {memory[series, step]:15.2f}   {growth:.1f} times the CPU time"


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    number = lambda text: int(float(text))  # noqa: E731
    parser.add_argument("--smallest", type=number, default=10_000, metavar="N")
    parser.add_argument("--largest", type=number, default=1_000_000, metavar="N", help="largest log (1e4 to 1e7)")
    parser.add_argument("--train-largest", type=number, default=None, metavar="N", help="largest log to train on")
    parser.add_argument("--series", nargs="+", choices=SERIES, default=SERIES)
    parser.add_argument("--steps", nargs="+", choices=STEPS, default=tuple(STEPS))
    parser.add_argument("--epochs", type=int, default=None, help="cap of the epochs (default: as `train` chooses)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, default=None, help="keep tables, datasets and workspaces here")
    parser.add_argument("--json", type=Path, default=None, metavar="FILE", help="write all figures here")
    options = parser.parse_args(given)
    options.train_largest = options.train_largest or options.largest
    return options


def main() -> int:
    options = arguments()
    n_sizes = int(np.floor(np.log10(options.largest / options.smallest) + 1e-9)) + 1
    sizes = [Size(s, options.smallest * 10**i) for s in options.series for i in range(n_sizes)]
    epochs = "as `train` chooses" if options.epochs is None else f"at most {options.epochs}"
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    print(f"{machine}; seed {options.seed}, epochs {epochs}\n{HEAD}", flush=True)
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        for row in measure_all(sizes, options.folder or Path(scratch), options):
            print(line(row), flush=True)
            rows.append(row)
    print(*report(rows), sep="\n")
    if options.json:
        found = {"machine": machine, "seed": options.seed, "epochs": options.epochs, "rows": [asdict(r) for r in rows]}
        options.json.write_text(
            json.dumps(found | {"slopes": {" ".join(k): v for k, v in slopes(rows).items()}}, indent=1)
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
