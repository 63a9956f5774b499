"""What each trained mending and the combinations reach, and at what price.

``python benchmarks/mending.py [--seeds 0 1 2]``: the sample ``news``, whose records lack three in ten reads or more of
one group, against the truth. ``python benchmarks/mending.py --workspace W --by COLUMN [--methods M,M@STRENGTH …]``: a
workspace of one's own. A line a mending: NDCG@10 of everyone (on the sample's test rows, where the records are right),
the gap, the share of it that is gone, the price with its paired interval, and on the sample the share of the best
possible expected gain (by the planted probabilities, without the noise of outcomes) that the lists reach.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from recsys_core.data.importers import import_dataset
from recsys_core.data.sample import PlantedTruth, make_sample
from recsys_core.errors import SettingError
from recsys_core.mend.groups import UserGroups, user_groups
from recsys_core.mend.report import price_of
from recsys_core.mend.train import changes_of, train_mended
from recsys_core.metrics import logistic
from recsys_core.models.fit import FitRequest, fit_workspace
from recsys_core.models.trained_model import TrainedModel
from recsys_core.models.workspace import Workspace
from recsys_core.results import RankingResult
from recsys_core.results.mending import Mending

METHODS = (
    *("reweigh", "sample", "regularise", "worst-group", "adversarial", "project", "leave-out", "distrust"),
    *("distrust,project", "distrust,leave-out"),
)
BY, GROUP = "user.device", "laptop"  # of the sample
LEAST_CUT, LARGEST_PRICE = 0.5, -0.02


def main() -> int:
    """Returns 1 where the sample has no mending that halves the gap at under 2 % of quality, on any seed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="*", default=[0, 1, 2])
    parser.add_argument("--workspace", type=Path)
    parser.add_argument("--by", default=BY)
    parser.add_argument("--methods", nargs="*", default=METHODS, metavar="M[,M][@STRENGTH]")
    args = parser.parse_args()
    if args.workspace is not None:
        measure(Workspace.open(args.workspace).model(), args.by, args.methods)
        return 0
    missed = []
    for seed in args.seeds:
        with tempfile.TemporaryDirectory() as folder:
            make_sample("news", seed, Path(folder) / "tables")
            dataset = import_dataset("tables", Path(folder) / "tables")
            fit_workspace(dataset, Path(folder) / "workspace", FitRequest(seed=seed))
            print(f"seed {seed}", flush=True)
            found = measure(Workspace.open(Path(folder) / "workspace").model(), BY, args.methods)
        if not any(cut >= LEAST_CUT and price > LARGEST_PRICE for cut, price in found):
            missed.append(seed)
    print(f"seeds without a mending that halves the gap at under 2 %: {missed or 'none'}")
    return int(bool(missed))


def measure(model: TrainedModel, by: str, methods: list[str]) -> list[tuple[float, float]]:
    """Share of the gap that is gone, and relative price, of every mending."""
    groups, truth = user_groups(model.split_dataset, (by,)), Truth(model) if model.dataset.truth else None
    before, found = model.evaluation().ranking, []
    gap = gap_of(before, groups)
    print(f"{'base':24} {row(before, before, groups, gap, truth)}", flush=True)
    for said in methods:
        names, _, strength = said.partition("@")
        mendings = [
            Mending(name, by, 1.0 if name == "leave-out" else float(strength or 1)) for name in names.split(",")
        ]
        began = time.process_time()
        try:
            made = train_mended(model, mendings, changes_of(model, mendings))
        except SettingError as refused:
            print(f"{said:24} refused: {refused}", flush=True)
            continue
        after, seconds = made.fitted.evaluation.ranking, time.process_time() - began
        print(f"{said:24} {row(before, after, groups, gap, truth)}  {seconds:4.0f} s of CPU", flush=True)
        for note in made.notes:
            print(f"{'':24} {note}", flush=True)
        found.append((1 - gap_of(after, groups) / gap, price_of(before, after).relative or 0.0))
    return found


class Truth:
    """Expected gain of lists under the planted probabilities."""

    def __init__(self, model: TrainedModel) -> None:
        dataset, split_dataset = model.dataset, model.split_dataset
        truth, split = PlantedTruth.from_tables(dataset.truth, dataset.users, dataset.items), split_dataset.split
        users, rows = split_dataset.test_users, np.sort(np.concatenate([split.train, split.validation]))
        log = dataset.interactions
        user, item = (log[name].to_numpy()[rows] for name in ("user_index", "item_index"))
        taken = truth.taken(user, item, split.label[rows] > 0)
        newest = np.lexsort((-split.order[rows], user))
        newest = newest[taken[newest]]
        start = np.searchsorted(user[newest], [users, users + 1])
        histories = [item[newest[a:b]] for a, b in start.T]
        gain = logistic(truth.catalogue_logit(users, truth.history_counts(histories)))
        gain[split_dataset.ranking_of(users).seen.toarray().astype(bool)] = 0
        self._gain, self._discount = gain, 1 / np.log2(np.arange(2, 12))
        self._best = -np.sort(-gain, axis=1)[:, :10] @ self._discount

    def share(self, ranking: RankingResult) -> np.ndarray:
        """Of each ranked user: the list's expected discounted gain over the best list's."""
        return np.take_along_axis(self._gain, ranking.top, axis=1) @ self._discount / self._best


def gap_of(ranking: RankingResult, groups: UserGroups, values: np.ndarray | None = None) -> float:
    """The others less the sample's group; elsewhere best less worst group."""
    values, code = ranking.ndcg if values is None else values, groups.code[ranking.user_index]
    if GROUP in groups.labels:
        own = code == groups.labels.index(GROUP)
        return float(values[~own].mean() - values[own].mean())
    means = [values[code == g].mean() for g in range(groups.n_groups) if (code == g).any()]
    return float(max(means) - min(means))


def row(before: RankingResult, after: RankingResult, groups: UserGroups, gap: float, truth: Truth | None) -> str:
    price, code = price_of(before, after), groups.code[after.user_index]
    means = " ".join(
        f"{label} {after.ndcg[code == g].mean():.4f}" for g, label in enumerate(groups.labels) if (code == g).any()
    )
    now = gap_of(after, groups)
    ends = [100 * end / price.before for end in (price.change, price.low, price.high)]
    text = f"NDCG@10 {price.after:.4f} ({ends[0]:+.1f} % [{ends[1]:+.1f}, {ends[2]:+.1f}])"
    text += f"  gap {now:+.4f} ({100 * (1 - now / gap):.0f} % gone)  {means}"
    if truth is not None:
        share = truth.share(after)
        text += f"  of the best {share.mean():.3f}, gap {gap_of(after, groups, share):+.3f}"
    return text


if __name__ == "__main__":
    sys.exit(main())
