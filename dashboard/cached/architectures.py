"""The trainings of designs that are kept beside a workspace's current model, and what they say of a column."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.cached import workspace as cached_workspace
from dashboard.cached.cache import lru_shared
from dashboard.workspaces import WorkspaceRef
from recsys_core.results.architectures import ArchitectureReport

BASE = ""


@dataclass(frozen=True, slots=True, eq=False)
class KeptDesigns:
    """What is kept: ``done`` trainings; the report over the seeds that all designs have, None before the first.

    ``knows_column`` says whether the trainings know a gap by the column.
    """

    done: int
    n_designs: int
    epochs: int
    report: ArchitectureReport | None
    knows_column: bool
    seconds: tuple[float, ...]


def kept(ref: WorkspaceRef, by: str) -> KeptDesigns:
    """What the trainings that are kept say of a column."""
    from recsys_core.architectures.stored import FILE

    file = cached_workspace.model(ref, BASE).path / FILE
    return _kept(ref, by, file.stat().st_mtime_ns if file.is_file() else 0)


@lru_shared(8)
def _kept(ref: WorkspaceRef, by: str, stamp: int) -> KeptDesigns:
    from recsys_core.architectures import DesignSettings, load_runs, report_of
    from recsys_core.architectures.compare import designs_of
    from recsys_core.architectures.train import all_features

    model = cached_workspace.model(ref, BASE)
    made, left_out = designs_of(all_features(model))
    epochs, runs = load_runs(model)
    by_design = {design: {run.seed for run in runs if run.design == design} for design in made}
    whole = set.intersection(*by_design.values()) if by_design else set()
    knows = bool(runs) and by in runs[0].gaps
    report = None
    if whole and knows:
        some = [next(r for r in runs if (r.design, r.seed) == (d, s)) for s in sorted(whole) for d in made]
        settings = DesignSettings(len(whole), epochs)
        report = report_of(some, by, model, settings, left_out=left_out)
    return KeptDesigns(len(runs), len(made), epochs, report, knows, tuple(run.seconds for run in runs))


def seconds(ref: WorkspaceRef, found: KeptDesigns, seeds: int) -> float:
    """About how long training every design with so many seeds takes, less what is done."""
    from recsys_core.architectures import DesignSettings, design_seconds

    model, settings = cached_workspace.model(ref, BASE), DesignSettings(seeds)
    whole = design_seconds(model, settings, found.n_designs, list(found.seconds))
    return whole * max(0, found.n_designs * seeds - found.done) / max(1, found.n_designs * seeds)
