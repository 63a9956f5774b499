"""Training log: a CSV line an epoch, and TensorBoard scalars and graph by PyTorch's own writer."""

from __future__ import annotations

import csv
from dataclasses import asdict, fields
from pathlib import Path

import torch

from recsys_core.models.training import Epoch, TrainedRanker


def write_log(folder: Path, trained: TrainedRanker) -> None:
    """Write ``training_log.csv`` and a ``tensorboard`` folder into ``folder``."""
    with (folder / "training_log.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, [f.name for f in fields(Epoch)])
        writer.writeheader()
        writer.writerows(asdict(e) for e in trained.log)
    _write_tensorboard(folder / "tensorboard", trained)


def read_log(folder: Path) -> list[Epoch]:
    """The epochs of a written log."""
    with (folder / "training_log.csv").open(newline="") as file:
        return [Epoch(int(r.pop("epoch")), **{k: float(v) for k, v in r.items()}) for r in csv.DictReader(file)]


def _write_tensorboard(folder: Path, trained: TrainedRanker) -> None:
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(str(folder)) as writer:
        for epoch in trained.log:
            for name in ("loss", "validation", "learning_rate", "seconds"):
                writer.add_scalar(name, getattr(epoch, name), epoch.epoch)
        inputs = torch.zeros(1, trained.ranker.body.first.in_features)
        writer.add_graph(trained.ranker, inputs)
