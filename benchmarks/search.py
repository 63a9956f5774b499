"""The search's hypervolume beside the grid's at equal evaluations, over seeds.

Run ``python benchmarks/search.py WORKSPACE --by COLUMN … [--evaluations 24 40] [--seeds 0 1 2]``. What is measured
once lies in the workspace's store, so that further seeds and columns cost only what they try anew. The workspace is
written to: give a copy. Prints a line a run with the ratio, and which seeds fall behind.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from recsys_core.models.workspace import Workspace
from recsys_core.search import SearchSettings, search


def main() -> int:
    """Returns 1 where the grid is ahead for any seed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--by", nargs="+", required=True)
    parser.add_argument("--evaluations", nargs="+", type=int, default=[24, 40])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    args = parser.parse_args()
    behind = []
    for by in args.by:
        for n in args.evaluations:
            for seed in args.seeds:
                began = time.process_time()
                found = search(Workspace.open(args.workspace), by, SearchSettings(n, seed)).result
                ratio = found.hypervolume / (found.grid_hypervolume or 1)
                line = (
                    f"{by}, {n} evaluations, seed {seed}: {found.hypervolume:.4f} against {found.grid_hypervolume:.4f}"
                )
                print(f"{line}, ratio {ratio:.3f}, {time.process_time() - began:.0f} s of processor", flush=True)
                behind += [f"{by}/{n}/{seed}"] if ratio < 1 else []
    print("behind the grid: " + (", ".join(behind) or "nothing"))
    return int(bool(behind))


if __name__ == "__main__":
    sys.exit(main())
