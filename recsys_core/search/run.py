"""Search: NSGA-II over a model's mending and compression settings, then the grid beside it at equal evaluations."""

from __future__ import annotations

import contextlib
import hashlib
import json
from dataclasses import dataclass

from recsys_core.errors import RecLensError, SettingError, phrase, require
from recsys_core.fairness import find_column
from recsys_core.models.trained_model import TrainedModel
from recsys_core.models.user_sample import QUICK_MACS, macs_of_a_pair, quick_users
from recsys_core.models.workspace import Workspace
from recsys_core.progress import Progress, silent
from recsys_core.rerankers import check_reranker
from recsys_core.results.search import SearchResult, Tried
from recsys_core.search.evaluate import Evaluator
from recsys_core.search.genes import MOST_MODELS, Space, by_hand, make_space
from recsys_core.search.nsga2 import Evolution
from recsys_core.search.stored import KeptSearch, load, save, searched_columns
from recsys_core.variant import ModelVariant

MOST_EVALUATIONS = 5000
SECONDS_OF_A_RANKING = 5.0  # see `user_sample.QUICK_MACS`
SECONDS_BESIDE = 2.0  # reasons of a hundred pairs, latency
NONE, COLUMN, MODEL, SEED, SETTINGS = "none", "column", "model", "seed", "settings"  # why a search begins anew


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """How far a search goes.

    Attributes
    ----------
    evaluations
        Different variants that are measured.
    seed
        Draws populations; None goes on with that of the kept search, or is 0.
    resume
        Go on with what is kept of the same column, model, seed and settings.

    Raises ``SettingError`` (``setting.between``) for fewer evaluations than 1 or more than 5000.
    """

    evaluations: int = 40
    seed: int | None = None
    resume: bool = False

    def __post_init__(self) -> None:
        is_allowed = 1 <= self.evaluations <= MOST_EVALUATIONS
        said = {"name": "evaluations", "low": 1, "high": MOST_EVALUATIONS, "value": self.evaluations}
        require(is_allowed, SettingError, "setting.between", **said)


@dataclass(frozen=True, slots=True, eq=False)
class Searched:
    """What a run found; ``anew`` says why it did not go on with something kept, None where it did or was not to."""

    result: SearchResult
    resumed: bool
    anew: str | None


def search(
    workspace: Workspace, by: str, settings: SearchSettings, *, model_id: str = "", progress: Progress = silent
) -> Searched:
    """The front of quality, gap, size and explanation drift over a model's settings, and the grid's beside it.

    Every evaluation is a measurement (`recsys_core.compare.measure_variant`), stored where Compress reads it; what is
    stored already is not measured again. What was evaluated is kept after each: an ended run can be gone on with,
    and then evaluates what it would have evaluated undisturbed.

    Parameters
    ----------
    by
        User column as a person spells it.
    model_id
        The model that is compressed and re-ranked; the workspace's other models may stand in its place.

    Raises
    ------
    SettingError
        ``search.items`` for a column of items; ``search.parts`` for one with parts (``age=30/50``);
        what `Evaluator.full` raises.
    RecLensError
        ``column.unknown``.
    """
    model = workspace.model(model_id)
    asked = find_column(model.dataset, by)
    column = asked.key
    require(asked.side == "user", SettingError, "search.items", column=column)
    require(asked.whole == column, SettingError, "search.parts", column=column, whole=asked.whole)
    evaluator = Evaluator(workspace, model, column)
    progress(phrase("stage.search.begin"), 0.0)
    full = evaluator.full(_part(progress, "stage.search.begin", 0.0, 0.02))
    space = make_space(model, _others(workspace, model))
    grid = by_hand(space, model.term)
    kept, anew = _kept(model, column, settings, stamp=_stamp(workspace, space))
    if kept is None:
        said = {"stamp": _stamp(workspace, space), "by": column, "seed": settings.seed or 0}
        about = {"asked": settings.evaluations, "n_users": evaluator.n_users, "n_grid": len(grid), "full": full}
        kept = KeptSearch(model.fingerprint, **said, **about)  # type: ignore[arg-type]
    kept.asked, kept.full = settings.evaluations, full
    _Run(model, evaluator, kept, progress).all(space, grid)
    return Searched(kept.result(), settings.resume and anew is None, anew if settings.resume else None)


class _Run:
    """One run: what is known is not asked again, what is new is kept at once."""

    def __init__(self, model: TrainedModel, evaluator: Evaluator, kept: KeptSearch, progress: Progress) -> None:
        self.model, self.evaluator, self.kept, self.progress = model, evaluator, kept, progress

    def all(self, space: Space, grid: list[ModelVariant]) -> None:
        evolution = Evolution(space, self.kept.full, lambda v: self._ask(v, self.kept.tried), seed=self.kept.seed)
        n = len(evolution.run(self.kept.asked))
        tried = 0
        for variant in grid:
            if tried >= n:
                break
            tried += self._ask(variant, self.kept.grid) is not None
        self.kept.n_grid = min(self.kept.n_grid, tried) if tried < n else self.kept.n_grid
        self._save()

    def _ask(self, variant: ModelVariant, known: dict[ModelVariant, Tried]) -> Tried | None:
        if variant in known:
            return known[variant]
        if variant in self.kept.refused:
            return None
        full = self.kept.full if variant == self.kept.full.variant else None
        found = full or self.kept.tried.get(variant) or self.kept.grid.get(variant)
        if found is None:
            with contextlib.suppress(RecLensError):  # what a re-ranker cannot do with a column is nothing to try
                if not variant.reranking.is_identity:
                    check_reranker(variant.reranking, self.model.split_dataset)
                found = self.evaluator(variant, self._telling(known))
        if found is None:
            self.kept.refused.add(variant)
        else:
            known[variant] = found
        self._save()
        return found

    def _telling(self, known: dict[ModelVariant, Tried]) -> Progress:
        """Evaluations of the search are the first half of the work, those of the grid the second."""
        is_grid, n = known is self.kept.grid, self.kept.asked
        first = 0.02 + 0.98 * (len(known) / n + is_grid) / 2
        stage = "stage.search.grid" if is_grid else "stage.search.evolution"
        return _part(self.progress, stage, min(first, 0.99), 0.49 / n, at=min(len(known) + 1, n), n=n)

    def _save(self) -> None:
        with contextlib.suppress(OSError):  # a folder that cannot be written to is slower, not broken
            save(self.model, self.kept)


def _part(progress: Progress, key: str, first: float, share: float, **values: object) -> Progress:
    """Progress of a part of the work that begins at ``first`` and is ``share`` of it."""

    def tell(stage: object, done: float) -> None:
        progress(phrase(key, **values), first + share * done)

    return tell


def _kept(
    model: TrainedModel, by: str, settings: SearchSettings, *, stamp: str
) -> tuple[KeptSearch | None, str | None]:
    """What can be gone on with; else None and why not."""
    if not settings.resume:
        return None, None
    kept = load(model, by)
    if kept is None:
        columns = searched_columns(model)
        return None, MODEL if by in columns else COLUMN if columns else NONE
    if settings.seed not in (None, kept.seed):
        return None, SEED
    return (kept, None) if kept.stamp == stamp else (None, SETTINGS)


def _others(workspace: Workspace, model: TrainedModel) -> list[str]:
    """The other models that can be opened, newest first, as variants name them."""
    found: list[str] = []
    for entry in sorted(workspace.models.list(), key=lambda entry: (entry.made, entry.id), reverse=True):
        if entry.id == model.id or len(found) >= MOST_MODELS:
            continue
        with contextlib.suppress(RecLensError):
            found.append(workspace.model(entry.id).variant.model)
    return found


def _stamp(workspace: Workspace, space: Space) -> str:
    """Identifies what is searched: the space, and every model in it."""
    models = [workspace.model(name).fingerprint for name in space.model]
    choices = {name: of for name, of in space.choices.items() if name != "model"}
    said = json.dumps([choices, models])
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def measure_seconds(model: TrainedModel, evaluations: int, tried: tuple[Tried, ...] = ()) -> float:
    """About how long so many evaluations take, and the grid's after them: as others took, else reckoned from sizes.

    The ranking of the sampled users is reckoned from multiply-adds (`recsys_core.models.user_sample`), a student's
    training from that of the model.
    """
    known = [t.seconds for t in tried if t.seconds > 0]
    if known:
        return 2 * evaluations * sum(known) / len(known)
    users = min(quick_users(model.dense), max(model.training.n_test_users, 1))
    work = macs_of_a_pair(model.dense) * model.dense.n_items * users / QUICK_MACS
    epochs = max(int(model.config["settings"]["epochs"]), 1)
    student = model.training.seconds / epochs / 2  # a student learns for an epoch, and half of them are quantised again
    return 2 * evaluations * (SECONDS_OF_A_RANKING * work + SECONDS_BESIDE + student)
