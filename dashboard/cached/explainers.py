"""Comparisons of explainers: runs of the command line in the background, and what they printed."""

from __future__ import annotations

from dashboard.cached.cache import lru_shared
from dashboard.jobs import LongJob, processes
from dashboard.workspaces import WorkspaceRef
from recsys_core.results.method_comparison import MethodComparison
from recsys_core.variant import ModelVariant

SEED = 0
Asked = tuple[WorkspaceRef, ModelVariant, int, str]  # how many users, and by which column


def comparison_job(asked: Asked) -> LongJob | None:
    """The run for these settings, done or not; None where nobody asked for it."""
    return processes().find(("explainers", *asked))


def start_comparison(asked: Asked, title: str) -> None:
    """Start it; ``title`` is the workspace's."""
    ref, variant, n_users, by = asked
    command = ["compare-explainers", "--workspace", ref.folder, "--n-users", n_users, "--seed", SEED]
    command += [*(["--by", by] if by else []), *variant.to_arguments()]
    processes().start(("explainers", *asked), command, "jobs.explainers", n=n_users, workspace=title)


def comparison(job: LongJob) -> MethodComparison:
    """What a finished run printed."""
    return _read(job)


@lru_shared(16)
def _read(job: LongJob) -> MethodComparison:
    return MethodComparison.from_json(dict(job.result))  # type: ignore[call-overload]
