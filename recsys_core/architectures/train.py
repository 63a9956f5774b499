"""Train one design once, and measure it."""

from __future__ import annotations

import math
import time

import numpy as np
import torch
from torch import nn

from recsys_core.architectures.networks import make_network, n_parameters
from recsys_core.architectures.objective import design_objective
from recsys_core.architectures.scoring import DesignScorer
from recsys_core.architectures.settings import MOST_ROWS, DesignSettings, n_evaluated, training_settings
from recsys_core.compare.groups import UserGroups
from recsys_core.data.features import Features, make_features
from recsys_core.models import artifact
from recsys_core.models.evaluation import evaluate
from recsys_core.models.objective import Objective
from recsys_core.models.trained_model import TrainedModel
from recsys_core.results import RankingResult
from recsys_core.results.architectures import Design, DesignRun
from recsys_core.seeds import random_stream, torch_stream


def all_features(model: TrainedModel) -> Features:
    """What designs choose from: ids and texts also where the model's own training chose to do without them.

    Columns that the model was told to leave out stay out; numbers are read as it reads them.
    """
    edges = {g.key: g.edges for g in model.features.groups if g.edges}
    features = make_features(model.dataset, artifact.load_texts(model.path), edges=edges)
    return features.without({*model.changes.without, *model.changes.audit_only})


def features_of(design: Design, features: Features) -> Features | None:
    """What a design reads; None where that leaves nothing of the items."""
    dropped = {g.key for g in features.groups if _is_dropped(g.kind, design)}
    left = features.without(dropped)
    return left if left.side("item") else None


def _is_dropped(kind: str, design: Design) -> bool:
    return (kind == "id" and not design.ids) or (kind == "text" and not design.text)


def evaluated_users(model: TrainedModel) -> np.ndarray:
    """The test users that every design is measured on, ascending, drawn by the split's seed."""
    split_dataset = model.split_dataset
    return split_dataset.draw_users(split_dataset.test_users, n_evaluated(model))


def train_design(
    model: TrainedModel,
    design: Design,
    seed: int,
    settings: DesignSettings,
    groups: tuple[UserGroups, ...],
    *,
    available: Features,
) -> DesignRun:
    """One run: weights, batches and hidden ids drawn from the seed, the same batches for every design of a seed.

    ``groups`` are of `evaluated_users`; ``available`` is `all_features`.
    """
    began = time.perf_counter()
    features, split_dataset = features_of(design, available), model.split_dataset
    if features is None:
        raise ValueError(f"{design.key} has nothing to read of the items")
    how = training_settings(model, settings, seed)
    weights = torch_stream(seed, f"initial weights of {design.key}")
    network = make_network(design.kind, features.groups, model.ranker.shape.history, weights)
    objective = design_objective(network, features, split_dataset, how)
    with torch.no_grad():
        network.head.bias.fill_(objective.start_logit)
    optimiser = torch.optim.AdamW(network.parameters(), lr=how.learning_rate, weight_decay=how.weight_decay, fused=True)
    draw = random_stream(seed, "batches of designs")
    for epoch in range(settings.epochs):
        for group in optimiser.param_groups:  # to a quarter over the last half: no run is caught in mid-swing
            group["lr"] = how.learning_rate * 0.5 ** max(0, 4 * epoch / settings.epochs - 2)
        _epoch(network, objective, optimiser, how.batch_size, draw)
    users = evaluated_users(model)
    found = evaluate(DesignScorer(network, features), split_dataset, users=users)
    gaps = [(g.column, *gap_of(g, found.ranking)) for g in groups]
    return DesignRun(
        design,
        seed,
        ndcg=float(found.ranking.ndcg.mean()),
        auc=None if math.isnan(found.auc) else float(found.auc),
        gaps={column: gap for column, gap, _ in gaps},
        worst={column: worst for column, _, worst in gaps},
        n_parameters=n_parameters(network),
        seconds=round(time.perf_counter() - began, 2),
    )


def _epoch(
    network: nn.Module, objective: Objective, optimiser: torch.optim.Optimizer, size: int, draw: np.random.Generator
) -> None:
    network.train()
    batches, n_rows = objective.batches(size, draw), 0
    for batch in batches:
        loss = objective.loss(batch, draw)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        n_rows += size
        if n_rows >= MOST_ROWS and isinstance(batch, np.ndarray):  # labels of large data: the first so many
            break


def gap_of(groups: UserGroups, ranking: RankingResult) -> tuple[float, str]:
    """NDCG@10 of the best served group less that of the worst served, and which that is.

    >>> groups = UserGroups("user.team", ("a", "b"), np.array([0, 0, 1]))
    >>> lists = RankingResult(10, np.arange(3), np.zeros((3, 10)), np.array([0.2, 0.4, 0.5]), np.zeros(3), None)
    >>> gap, worst = gap_of(groups, lists)
    >>> round(gap, 6), worst
    (0.2, 'a')
    """
    members = groups.members
    means = (members * ranking.ndcg[:, None]).sum(axis=0) / members.sum(axis=0)
    return float(means.max() - means.min()), groups.labels[int(means.argmin())]
