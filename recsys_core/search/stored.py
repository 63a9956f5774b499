"""Stored searches: what was evaluated, a file a column beside the model, stamped with all it depends on."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from recsys_core.data.folder import atomic_write, read_checked_json
from recsys_core.errors import RecLensError
from recsys_core.models.model_store import ModelStore
from recsys_core.models.trained_model import TrainedModel
from recsys_core.results.search import SearchResult, Tried
from recsys_core.search.hypervolume import hypervolume, non_dominated
from recsys_core.variant import ModelVariant

FORMAT = "reclens-search-1"
FOLDER = "searches"


@dataclass(slots=True)
class KeptSearch:
    """A search so far: with the same ``stamp``, ``by`` and ``seed`` it can be gone on with.

    ``stamp`` identifies the models and the space that are searched. ``refused`` are variants that cannot be measured
    (a re-ranker that cannot use its column). ``n_grid`` is how long the grid is, at most.
    """

    model: str
    stamp: str
    by: str
    seed: int
    asked: int
    n_users: int
    n_grid: int
    full: Tried
    tried: dict[ModelVariant, Tried] = field(default_factory=dict)
    grid: dict[ModelVariant, Tried] = field(default_factory=dict)
    refused: set[ModelVariant] = field(default_factory=set)

    def renamed(self, name: Callable[[str], str]) -> KeptSearch:
        """The same with other names of the models: files hold ids, as another model may become the current one."""

        def of(variant: ModelVariant) -> ModelVariant:
            return replace(variant, model=name(variant.model))

        def all_of(tried: dict[ModelVariant, Tried]) -> dict[ModelVariant, Tried]:
            return {of(v): replace(t, variant=of(v)) for v, t in tried.items()}

        full = replace(self.full, variant=of(self.full.variant))
        refused = {of(v) for v in self.refused}
        return replace(self, full=full, tried=all_of(self.tried), grid=all_of(self.grid), refused=refused)

    def to_json(self) -> dict[str, Any]:
        said = {name: getattr(self, name) for name in ("model", "stamp", "by", "seed", "asked", "n_users", "n_grid")}
        return {
            "format": FORMAT,
            **said,
            "full": _to_json(self.full),
            "tried": [_to_json(t) for t in self.tried.values()],
            "grid": [_to_json(t) for t in self.grid.values()],
            "refused": sorted((v.to_query() for v in self.refused), key=str),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> KeptSearch:
        """Raises ``KeyError``, ``TypeError`` or ``ValueError`` (``SettingError``) for anything else."""
        tried, grid = ({t.variant: t for t in map(_from_json, data[name])} for name in ("tried", "grid"))
        refused = {ModelVariant.from_query(query) for query in data["refused"]}
        return cls(
            model=str(data["model"]),
            stamp=str(data["stamp"]),
            by=str(data["by"]),
            seed=int(data["seed"]),
            asked=int(data["asked"]),
            n_users=int(data["n_users"]),
            n_grid=int(data["n_grid"]),
            full=_from_json(data["full"]),
            tried=tried,
            grid=grid,
            refused=refused,
        )

    def result(self) -> SearchResult:
        """Its figures as they stand."""
        tried, grid = tuple(self.tried.values())[: self.asked], tuple(self.grid.values())
        equal = grid[: len(tried)]
        is_whole = len(tried) >= self.asked and len(grid) >= min(len(tried), self.n_grid)
        return SearchResult(
            by=self.by,
            seed=self.seed,
            asked=self.asked,
            full=self.full,
            tried=tried,
            grid=equal,
            front=non_dominated(tried, self.full),
            hypervolume=hypervolume(tried, self.full),
            grid_hypervolume=hypervolume(equal, self.full) if is_whole else None,
            n_users=self.n_users,
        )


def _to_json(tried: Tried) -> dict[str, Any]:
    return tried.to_json() | {"reasons_kept": tried.reasons_kept, "seconds": tried.seconds}


def _from_json(data: dict[str, Any]) -> Tried:
    figures = (float(data["ndcg@10"]), float(data["gap"]), int(data["size_bytes"]), float(data["reasons_kept"]))
    return Tried(ModelVariant.from_query(data["variant"]), *figures, float(data["seconds"]))


def search_file(model: TrainedModel, by: str) -> Path:
    """Where the search of a column lies."""
    return model.path / FOLDER / f"{quote(by, safe='. ')}.json"


def save(model: TrainedModel, kept: KeptSearch) -> None:
    """Write aside, then rename: whenever a run is ended, what was evaluated stays. Raises ``OSError``."""
    file = search_file(model, kept.by)
    file.parent.mkdir(exist_ok=True)
    current = _current(model)
    written = kept.renamed(lambda name: name or current)
    atomic_write(file, json.dumps(written.to_json(), allow_nan=False).encode())


def _current(model: TrainedModel) -> str:
    return ModelStore(model.path.parents[1]).current


def load(model: TrainedModel, by: str) -> KeptSearch | None:
    """The search of a column; None where nothing is kept that can be read, or it is of another model or column."""
    file = search_file(model, by)
    if not file.is_file():
        return None
    try:
        kept = KeptSearch.from_json(read_checked_json(file, FORMAT, "workspace"))
    except (RecLensError, OSError, KeyError, TypeError, ValueError, AttributeError):
        return None
    if kept.model != model.fingerprint or kept.by != by:
        return None
    current = _current(model)
    return kept.renamed(lambda name: "" if name == current else name)


def load_search(model: TrainedModel, by: str) -> SearchResult | None:
    """What a search by a column has found so far, stopped or done; None where there is none of this model."""
    kept = load(model, by)
    return kept.result() if kept else None


def searched_columns(model: TrainedModel) -> list[str]:
    """The columns by which something is kept, also of a model that was here before."""
    found = []
    for file in sorted((model.path / FOLDER).glob("*.json")):
        try:
            found.append(str(read_checked_json(file, FORMAT, "workspace")["by"]))
        except (RecLensError, OSError, KeyError):
            continue
    return found
