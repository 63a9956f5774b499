"""The references of a workspace, and a model's gap beside theirs."""

from __future__ import annotations

from dashboard.cached.cache import lru_shared
from dashboard.cached.fairness import evaluation, segments_among
from dashboard.cached.workspace import dataset, model, workspace
from dashboard.jobs import Job, shared_queue
from dashboard.workspaces import WorkspaceRef
from recsys_core.data.segments import Segment, with_segments
from recsys_core.models.user_sample import STORED, K, UserLimit
from recsys_core.results import Evaluation
from recsys_core.results.data_gap import DataGap
from recsys_core.variant import ModelVariant


def references(ref: WorkspaceRef, of_model: str = "") -> Job:
    """Job of what the baselines and the best possible reach on the test part; evaluations by name."""

    def work(progress) -> dict[str, Evaluation]:
        from recsys_core.models.references import references as worked_out

        return worked_out(model(ref, of_model), progress=progress)

    return shared_queue("references").job(("references", ref), work)


def data_gap(
    ref: WorkspaceRef, variant: ModelVariant, by: tuple[str, ...], measure: str, limit: UserLimit = STORED
) -> DataGap:
    """The comparison; after the evaluation and the references."""
    return _data_gap(ref, variant, by, measure, limit, segments_among(ref, by))


def asked_measure(metric: str) -> str:
    """The measure that is compared where the page shows this one: itself, else the first that every ranking has."""
    from recsys_core.fairness.data_gap import compared_measures

    measures = compared_measures(K)
    return metric if metric in measures else measures[0]


@lru_shared(32)
def bound(
    ref: WorkspaceRef, variant: ModelVariant, by: tuple[str, ...], measure: str, limit: UserLimit
) -> DataGap | None:
    """The model beside the best possible alone, which costs little; None where nobody knows the best possible.

    Raises ``RecLensError`` as `data_gap`.
    """
    from recsys_core.fairness.data_gap import data_gap as compared
    from recsys_core.models.references import BEST, reference_names

    split_dataset = workspace(ref).split_dataset
    if BEST not in reference_names(split_dataset):
        return None
    ranked = evaluation(ref, variant, limit).outcome()
    train = split_dataset.sequences()
    return compared(dataset(ref), ranked, {BEST: _best(ref)}, by=by, train=train, measure=measure)


@lru_shared(8)
def _best(ref: WorkspaceRef) -> Evaluation:
    from recsys_core.models.references import BEST, measure_reference

    return measure_reference(BEST, workspace(ref).split_dataset)


@lru_shared(32)
def _data_gap(
    ref: WorkspaceRef,
    variant: ModelVariant,
    by: tuple[str, ...],
    measure: str,
    limit: UserLimit,
    segments: tuple[Segment, ...],
) -> DataGap:
    from recsys_core.fairness.data_gap import data_gap as compared

    split_dataset = workspace(ref).split_dataset
    grouped = with_segments(dataset(ref), segments, split_dataset) if segments else dataset(ref)
    beside = references(ref, variant.model).outcome()
    ranked = evaluation(ref, variant, limit).outcome()
    return compared(grouped, ranked, beside, by=by, train=split_dataset.sequences(), measure=measure)
