"""Trained mendings, a file each; `recsys_core.results.mending.TRAINED` names them in the order of the pages."""

from __future__ import annotations

from recsys_core.mend.method import TrainedMethod
from recsys_core.mend.methods import (
    adversarial,
    distrust,
    leave_out,
    project,
    regularise,
    reweigh,
    sample,
    worst_group,
)

METHODS: dict[str, TrainedMethod] = {
    module.METHOD.name: module.METHOD
    for module in (reweigh, sample, distrust, regularise, worst_group, adversarial, project, leave_out)
}
