"""How often the planted disparity of a sample is found, and how often a column without effect is flagged.

Run ``python benchmarks/planted_disparity.py [--domain DOMAIN …] [--seeds N …] [--out FILE]`` (both domains, seeds
0 to 19). Each seed makes a sample, trains the product's own model on it and audits every column of users at once.
``--out`` keeps one JSON line a seed and goes on where it was stopped. Prints a table and what is missed.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

from recsys_core.data.importers import import_dataset
from recsys_core.data.sample import DOMAINS, make_sample
from recsys_core.fairness import ScanResult, scan
from recsys_core.models.fit import FitRequest, fit_model
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.models.training_defaults import history_length

MEASURE = "ndcg@10"
FOUND, FLAGGED = 0.9, 0.1  # at least and at most, of the seeds


def main() -> int:
    """Returns 1 where an asked figure is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--domain", nargs="+", default=[*DOMAINS], choices=[*DOMAINS])
    parser.add_argument("--seeds", nargs="+", type=int, default=[*range(20)])
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    known = {(r["domain"], r["seed"]): r for r in _lines(args.out)}
    missed = []
    for domain in args.domain:
        rows = []
        for seed in args.seeds:
            row = known.get((domain, seed)) or measure(domain, seed)
            if args.out and (domain, seed) not in known:
                with args.out.open("a") as file:
                    file.write(json.dumps(row) + "\n")
            rows.append(row)
            print(_line(row), flush=True)
        found, flagged = (sum(bool(r[key]) for r in rows) for key in ("found", "flagged"))
        print(
            f"{domain}: found in {found} of {len(rows)} seeds, column without effect flagged in {flagged}", flush=True
        )
        met = found >= FOUND * len(rows) and flagged <= FLAGGED * len(rows)
        missed += [] if met else [domain]
    print("missed: " + (", ".join(missed) or "nothing"))
    return int(bool(missed))


def measure(domain: str, seed: int) -> dict:
    """One seed: a sample, the product's training, the scan of all user columns, and what it says of the planted."""
    began = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        made = make_sample(domain, seed, Path(folder) / "tables")
        dataset = import_dataset("tables", Path(folder) / "tables")
    length = history_length("like", "time", dataset.n_interactions)
    split_dataset = SplitDataset.build(dataset, task="like", kind="time", seed=seed, length=length)
    fitted = fit_model(split_dataset, FitRequest(seed=seed))
    found = scan(dataset, fitted.evaluation, train=split_dataset.sequences())
    figures = {k: round(v, 4) for k, v in fitted.report.model.values.items() if v is not None}
    best = {"best_auc": made["best_auc"], "best_ndcg@10": made["best_ndcg@10"]}
    seconds = {"cpu_seconds": round(time.process_time() - began)}
    return {"domain": domain, "seed": seed} | verdict(dataset.truth or {}, found) | figures | best | seconds


def verdict(truth: dict, found: ScanResult) -> dict:
    """Is the planted group the worst of its column, is that the largest real gap, is the idle column flagged?

    The largest among the columns of the data: how much a user did in training (``training.activity``) always moves
    NDCG, as lists of users with more held-out items are easier, and stands beside it in ``first_of_all``.
    """
    column, value = truth["under_served"]["column"], truth["under_served"]["value"]
    idle = truth["sensitive_without_effect"]
    of_measure = [(c, g) for c, g in found.gaps if g.metric == MEASURE]
    gap = next(g for c, g in of_measure if c == column)
    report = found.reports[column]
    served = {r.group.value: round(r.values[MEASURE] or 0.0, 4) for r in report.groups if MEASURE in r.values}
    real = [(c, g) for c, g in found.gaps if not g.within_noise]
    first = next((c for c, g in of_measure if not g.within_noise and c.startswith("user.")), "nothing")
    named = not gap.within_noise and gap.worst_group.value == value
    return {
        "found": named and first == column,
        "real": named,
        "first": first,
        "first_of_all": f"{real[0][0]} {real[0][1].metric}" if real else "nothing",
        "p_corrected": gap.p_corrected,
        "gaps": [[c, g.worst_group.label, round(g.difference, 4), g.p_corrected] for c, g in of_measure],
        "ndcg@10_by_group": served,
        "flagged": sorted({g.metric for c, g in real if c == idle}),
    }


def _line(row: dict) -> str:
    groups = " ".join(f"{k} {v:.3f}" for k, v in row["ndcg@10_by_group"].items())
    return (
        f"{row['domain']} {row['seed']:>3}  found {row['found']!s:5}  first {row['first']}, {row['first_of_all']}"
        f"  p {row['p_corrected']:.4f}  {groups}  flagged {row['flagged']}  AUC {row['auc']:.3f} of"
        f" {row['best_auc']:.3f}  NDCG@10 {row['ndcg@10']:.3f} of {row['best_ndcg@10']:.3f}  {row['cpu_seconds']} s"
    )


def _lines(path: Path | None) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path and path.is_file() else []


if __name__ == "__main__":
    sys.exit(main())
