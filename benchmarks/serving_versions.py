"""A second version of a workspace, the way to it and back, and whether answers are what their version says."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from recsys_core.feedback import FeedbackReader
from recsys_core.live.engine import Engine
from recsys_core.live.histories import LiveHistories
from recsys_core.models.artifact import save_artifact
from recsys_core.models.model_store import ModelStore
from recsys_core.models.workspace import Workspace
from recsys_core.rerank import BY_SCORE
from recsys_core.variant import DENSE
from recsys_core.versions import Versions

OTHER = "another"


def give_second_version(workspace: Path) -> str:
    """Id of a model whose weights are the current one's and some noise, so that all its scores are others."""
    store = ModelStore(workspace)
    if OTHER in store.ids():
        return OTHER
    model = Workspace.open(workspace).model()
    ranker = copy.deepcopy(model.ranker)
    noise = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weights in ranker.parameters():
            weights += 0.05 * weights.std(unbiased=False) * torch.randn(weights.shape, generator=noise)

    def write(folder: Path, about: dict[str, str]) -> None:
        said = {"config": model.config | about, "metrics": model.training.to_json()}
        save_artifact(folder, ranker, model.features, said, term=model.term)

    return store.add("another", write, model_id=OTHER)


def promote(workspace: Path, model_id: str) -> None:
    """Serve it."""
    Versions(workspace).promote(model_id)


def roll_back(workspace: Path, model_id: str) -> None:
    """Serve what was served before it."""
    Versions(workspace).roll_back()


@dataclass(frozen=True)
class Judged:
    """How many versions answered, and how many answers hold a score that is not their version's."""

    n_versions: int
    n_mixed: int


def judge(workspace: Path, other: str, answers: list[tuple[int, Any]], users: list[str]) -> Judged:
    """Compare every listed item's score, to the last digit, with that of the version which the answer names."""
    opened, versions = Workspace.open(workspace), Versions(workspace)
    live = LiveHistories.build(opened.split_dataset, FeedbackReader(workspace).events())  # nobody sent any meanwhile
    engines = {}
    for version in versions.list():
        model = opened.model(version.model)
        engines[version.version] = Engine(version, model, model.dense, BY_SCORE, DENSE)
    mixed = 0
    for number, answer in answers:
        person = live.person(users[number % len(users)])
        wanted = engines[answer["version"]].recommend(person, takers=live.n_takers, k=len(answer["items"]))
        same = [(item.item_id, item.score) for item in wanted.items]
        mixed += same != [(item["item_id"], item["score"]) for item in answer["items"]]
    return Judged(len({answer["version"] for _, answer in answers}), mixed)
