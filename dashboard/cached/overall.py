"""What the parts of the Global page ask of a model: interactions, partial dependence, permutation importance."""

from __future__ import annotations

from dashboard.cached.cache import lru_shared
from dashboard.cached.explain import SEED, overall, sampled_pairs
from dashboard.cached.segments import users as segment_users
from dashboard.cached.workspace import dataset, reranker_of, scorer, workspace
from dashboard.jobs import Job, shared_queue
from dashboard.workspaces import WorkspaceRef
from recsys_core.data.segments import Segment
from recsys_core.explain.interactions import interactions as find_interactions
from recsys_core.explain.partial_dependence import partial_dependence as find_partial_dependence
from recsys_core.player import Player
from recsys_core.results.global_parts import Interaction, PartialDependence, PermutationImportance
from recsys_core.results.units import Units
from recsys_core.variant import ModelVariant

Explained = tuple[WorkspaceRef, ModelVariant, int, Segment | None, Units]
"""What a job of the Global page is kept under (`dashboard.cached.explain.overall`)."""


@lru_shared(64)
def interactions(explained: Explained, player: Player) -> tuple[Interaction, ...]:
    """Every other reason by how much it decides what one adds; after the explanation of the pairs."""
    *which, units = explained
    return find_interactions(dataset(explained[0]), overall(*which, units=units).outcome(), player)


@lru_shared(64)
def partial_dependence(
    ref: WorkspaceRef, variant: ModelVariant, segment: Segment | None, n_pairs: int, player: Player
) -> PartialDependence | None:
    """Scores of some of the page's pairs with one reason set to one value after another."""
    pairs = sampled_pairs(ref, segment, n_pairs)
    return find_partial_dependence(scorer(ref, variant), dataset(ref), pairs, player, seed=SEED)


def permutation_importance(ref: WorkspaceRef, variant: ModelVariant, segment: Segment | None) -> Job:
    """Job of shuffling every reason; its result is a ``PermutationImportance``."""

    def work(progress) -> PermutationImportance:
        from recsys_core.compare.permutation_importance import permutation_importance as shuffled

        return shuffled(
            scorer(ref, variant),
            workspace(ref).split_dataset,
            users=None if segment is None else segment_users(ref, segment),
            seed=SEED,
            reranker=reranker_of(ref, variant),
            progress=progress,
        )

    return shared_queue("answers").job(("permutation", ref, variant, segment), work)
