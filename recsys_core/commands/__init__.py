"""Commands: what each word of the command line takes and does, a file for one or a few related ones.

>>> [command.name for command in COMMANDS][:3]
['sample', 'import', 'train']
"""

from __future__ import annotations

from recsys_core.commands import (
    adversarial_audit,
    architectures,
    attribute_audit,
    compare_explainers,
    compress,
    contrast,
    cost_of_explaining,
    counterfactual,
    explain,
    explain_batch,
    explain_groups,
    fairness,
    feedback,
    gap_reasons,
    learning,
    mend,
    models,
    quality,
    search,
    segments,
    serve,
    simulate,
    subgroups,
    tables,
    training,
    what_if,
)
from recsys_core.commands.command import Command

COMMANDS: tuple[Command, ...] = (
    tables.SAMPLE,
    tables.IMPORT,
    training.TRAIN,
    training.PREPARE,
    training.MEASURE,
    training.RETRAIN,
    models.MODELS,
    segments.SEGMENTS,
    quality.EVALUATE,
    quality.RECOMMEND,
    explain.EXPLAIN,
    contrast.CONTRAST,
    counterfactual.COUNTERFACTUAL,
    what_if.WHAT_IF,
    compare_explainers.COMPARE_EXPLAINERS,
    explain_batch.EXPLAIN_BATCH,
    cost_of_explaining.COST_OF_EXPLAINING,
    compress.COMPRESS,
    fairness.FAIRNESS,
    subgroups.SUBGROUPS,
    gap_reasons.GAP_REASONS,
    mend.MEND,
    attribute_audit.ATTRIBUTE_AUDIT,
    search.SEARCH,
    explain_groups.EXPLAIN_GROUPS,
    adversarial_audit.ADVERSARIAL_AUDIT,
    architectures.ARCHITECTURES,
    feedback.FEEDBACK,
    serve.SERVE,
    simulate.SIMULATE,
    learning.LEARN,
    learning.PROMOTE,
    learning.ROLLBACK,
)

__all__ = ["COMMANDS", "Command"]
