"""What watching costs: metrics a request beside a recommendation, and a look at the log, in CPU time.

    python benchmarks/monitoring_cost.py [WORKSPACE] [--lists 100000]

The log is written into a copy of the workspace; one list in three gets feedback.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from pathlib import Path

from recsys_core.feedback import FeedbackLog
from recsys_core.live.engine import Engine
from recsys_core.live.histories import LiveHistories
from recsys_core.models.workspace import Workspace
from recsys_core.monitoring import Monitor
from recsys_core.rerank import BY_SCORE
from recsys_core.results.serving import FeedbackEvent
from recsys_core.seeds import random_stream
from recsys_core.serving.metrics import ServiceMetrics
from recsys_core.serving.quality_watch import item_shares
from recsys_core.versions import Versions

N_REQUESTS = 1000


def cpu_us(work, n: int) -> float:
    """Microseconds of this process' CPU that one of ``n`` calls of ``work(k)`` takes."""
    began = time.process_time()
    for k in range(n):
        work(k)
    return 1e6 * (time.process_time() - began) / n


def cost_of_metrics(workspace: Workspace, engine: Engine) -> None:
    histories = LiveHistories.build(workspace.split_dataset, ())
    groups, shares = item_shares(workspace.split_dataset)
    metrics = ServiceMetrics(groups=groups, shares=shares)
    metrics.version(engine.served, engine.variant.key)
    users = random_stream(0, "requests").choice(workspace.split_dataset.dataset.user_ids.to_numpy(), N_REQUESTS)
    made = [None] * N_REQUESTS

    def recommend(k: int) -> None:
        made[k] = engine.recommend(histories.person(str(users[k])), takers=histories.n_takers).served("l", "u", 0.0)

    def count(k: int) -> None:
        metrics.request("/recommend", 200, 0.005)
        metrics.listed(made[k])

    asked = cpu_us(recommend, N_REQUESTS)
    counted = cpu_us(count, N_REQUESTS)
    print(f"a recommendation {asked:.0f} µs, its metrics {counted:.1f} µs: {100 * counted / asked:.2f} %")
    print(f"an exposition {cpu_us(lambda k: metrics.exposition(), 200):.0f} µs")


def cost_of_looks(workspace: Workspace, engine: Engine, n_lists: int) -> None:
    dataset, random = workspace.split_dataset.dataset, random_stream(0, "lists")
    users = dataset.user_ids.to_numpy()
    histories, started = LiveHistories.build(workspace.split_dataset, ()), time.time() - 3000
    some = [engine.recommend(histories.person(str(user)), takers=histories.n_takers) for user in users[:300]]
    monitor = Monitor(workspace, most=200_000)

    def write(log: FeedbackLog, first: int, last: int) -> None:
        told = []
        for k in range(first, last):
            who = int(random.integers(len(some)))
            served = some[who].served(f"l{k}", str(users[who]), started + 2900 * k / n_lists)
            log.note_list(served)
            if k % 3 == 0:
                about = {"event_id": f"e{k}", "user_id": served.user_id, "list_id": served.list_id}
                told.append(log.append([FeedbackEvent(item_id=served.items[k % 10], outcome=1.0, **about)]))
            if len(told) > 5000 or k == last - 1:
                for future in told:
                    future.result(120)
                told = []

    with FeedbackLog.open(workspace.path) as log:
        write(log, 0, n_lists)
        first = cpu_us(lambda k: monitor.report(window="hour"), 1)
        again = cpu_us(lambda k: monitor.report(window="hour"), 5)
        write(log, n_lists, n_lists + 750)
        new = cpu_us(lambda k: monitor.report(window="hour"), 1)
    print(
        f"a look at {n_lists} lists: the first {first / 1e6:.2f} s, one with nothing new {again / 1e3:.0f} ms, with 750"
        f" new lists {new / 1e3:.0f} ms: {100 * new / 5e6:.1f} % of a core every 5 s"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workspace", type=Path, nargs="?", default=Path("workspaces/shop-demo"))
    parser.add_argument("--lists", type=int, default=100_000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(shutil.copytree(args.workspace, Path(folder) / "copy"))
        workspace = Workspace.open(copy)
        model = workspace.model()
        engine = Engine(Versions(copy).current(), model, model.dense, BY_SCORE, model.variant)
        cost_of_metrics(workspace, engine)
        cost_of_looks(workspace, engine, args.lists)


if __name__ == "__main__":
    main()
