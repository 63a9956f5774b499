"""Mendings that answer at once: first places of the test users are kept, a strength only rearranges them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dashboard.cached import fairness as cached_fairness
from dashboard.cached import segments as cached_segments
from dashboard.cached.cache import lru_shared
from dashboard.cached.workspace import dataset, model, prepared, scorer, workspace
from dashboard.jobs import Job, shared_queue
from dashboard.workspaces import WorkspaceRef
from recsys_core.data.segments import COLUMN, Segment, with_segments
from recsys_core.errors import RecLensError
from recsys_core.fairness.groups import Grouping
from recsys_core.fairness.resamples import Resamples
from recsys_core.models.user_sample import UserLimit
from recsys_core.rerankers import Favoured, FirstPlaces
from recsys_core.results import Evaluation
from recsys_core.results.mended_lists import MendedLists
from recsys_core.results.mending import Mending
from recsys_core.variant import DENSE, ModelVariant


@dataclass(frozen=True, slots=True)
class Asked:
    """A variant whose lists are re-ranked, on which users, and whose groups are looked at by which measure."""

    ref: WorkspaceRef
    variant: ModelVariant
    limit: UserLimit
    by: tuple[str, ...]
    metric: str = ""

    @property
    def base(self) -> ModelVariant:
        """The same with lists by score."""
        return replace(self.variant, reranking=DENSE.reranking)


def ready(asked: Asked) -> Job:
    """Job of what does not depend on the strength: the evaluation by score, first places, what the re-ranker learns."""
    ranked = cached_fairness.evaluation(asked.ref, asked.base, asked.limit)  # queued first, so done when this begins
    full = replace(asked.variant, reranking=replace(asked.variant.reranking, strength=1.0))

    def work(progress) -> bool:
        users = ranked.outcome().ranking.user_index
        _places(asked.ref, asked.base, asked.limit, len(users))
        progress("learning", 0.9)
        prepared(asked.ref, full)
        return True

    return shared_queue("answers").job(("mend", asked.ref, full, asked.limit), work)


@lru_shared(4)
def _places(ref: WorkspaceRef, base: ModelVariant, limit: UserLimit, n_users: int) -> FirstPlaces:
    from recsys_core.rerankers import rank_places

    users = cached_fairness.evaluation(ref, base, limit).outcome().ranking.user_index
    return rank_places(scorer(ref, base), workspace(ref).split_dataset.ranking_of(users))


@lru_shared(8)
def _reranked(ref: WorkspaceRef, variant: ModelVariant, limit: UserLimit) -> Evaluation:
    from recsys_core.mend.shifts import reranked

    base = replace(variant, reranking=DENSE.reranking)
    before = cached_fairness.evaluation(ref, base, limit).outcome()
    places = _places(ref, base, limit, len(before.ranking.user_index))
    return reranked(before, places, prepared(ref, variant).at(variant.reranking))


@lru_shared(128)
def mended(asked: Asked) -> MendedLists:
    """Every group before and after, and the price; after `ready`."""
    from recsys_core.mend.shifts import mended_lists

    before = cached_fairness.evaluation(asked.ref, asked.base, asked.limit).outcome()
    after = before if asked.variant.reranking.is_identity else _reranked(asked.ref, asked.variant, asked.limit)
    return _shifted(mended_lists, asked, before, after)


@lru_shared(16)
def beside(asked: Asked, base: ModelVariant) -> MendedLists:
    """The same of another model beside the one that it was made from; after both evaluations."""
    from recsys_core.mend.shifts import mended_lists

    both = (cached_fairness.evaluation(asked.ref, v, asked.limit).outcome() for v in (base, asked.variant))
    return _shifted(mended_lists, asked, *both)


def _shifted(mended_lists, asked: Asked, before: Evaluation, after: Evaluation) -> MendedLists:
    from recsys_core.mend.shifts import n_resampled

    found = grouping(asked.ref, asked.by, _segments(asked.ref, asked.by))
    how = {"grouping": found, "resamples": _resamples(n_resampled(before, found))}
    metric = {"metric": asked.metric} if asked.metric else {}
    return mended_lists(workspace(asked.ref).split_dataset, before, after, **how, **metric)


@lru_shared(4)
def _resamples(n_users: int) -> Resamples:
    from recsys_core.fairness import DEFAULT_SETTINGS

    return Resamples(n_users, DEFAULT_SETTINGS.n_bootstrap, DEFAULT_SETTINGS.seed)


def _segments(ref: WorkspaceRef, by: tuple[str, ...]) -> tuple[Segment, ...]:
    return tuple(cached_segments.named(ref, c.removeprefix(COLUMN)) for c in by if c.startswith(COLUMN))


@lru_shared(32)
def grouping(ref: WorkspaceRef, by: tuple[str, ...], segments: tuple[Segment, ...] = ()) -> Grouping:
    """The groups of one column of items or of columns of users."""
    from recsys_core.fairness import make_grouping

    split_dataset = workspace(ref).split_dataset
    data = with_segments(dataset(ref), segments, split_dataset) if segments else dataset(ref)
    return make_grouping(data, by, train=split_dataset.sequences())


@lru_shared(64)
def column_key(ref: WorkspaceRef, spelled: str, side: str) -> str | None:
    """The full name of a column of a side with edges or values of its own; None for any other text."""
    from recsys_core.fairness import find_column

    try:
        found = find_column(dataset(ref), spelled)
    except RecLensError:
        return None
    return found.key if found.side == side and (found.edges or found.values) else None


def favoured(ref: WorkspaceRef, variant: ModelVariant) -> tuple[Favoured, ...]:
    """The groups of items that a re-ranker favours; after `ready`."""
    return () if variant.reranking.is_identity else prepared(ref, variant).favoured


def can_shift(metric: str) -> bool:
    """Whether a measure of groups of users can follow a slider."""
    from recsys_core.mend.shifts import can_shift as found

    return found(metric)


def seconds(ref: WorkspaceRef, model_id: str, mendings: tuple[Mending, ...]) -> float:
    """How long a training of these mendings will take."""
    from recsys_core.mend import expected_seconds

    return expected_seconds(model(ref, model_id), mendings)


def mended_models(ref: WorkspaceRef) -> dict[str, tuple[str, tuple[Mending, ...]]]:
    """Mended models by id: the model that each was made from, and what was done; newest first."""
    found = {}
    opened = workspace(ref)
    for entry in sorted(opened.models.list(), key=lambda entry: entry.made, reverse=True):
        about = model(ref, entry.id)
        base = about.config.get("mended_from", "")
        if about.mendings and base in opened.models.ids():
            found[entry.id] = (base, about.mendings)
    return found


def reasons_kept(ref: WorkspaceRef, model_id: str) -> float | None:
    """What a mended model keeps of the three strongest reasons, as measured when it was made; None where it was not."""
    from recsys_core.mend import TriedStore

    tried = [t for t in TriedStore(ref.folder).all() if t.query.get("model") == model_id and "rerank" not in t.query]
    return tried[-1].reasons_kept if tried else None
