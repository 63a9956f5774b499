"""The frozen results that travel from the core to charts, pages and the command line: one file a stage."""

from recsys_core.results.compression import CompressionReport, Measurement
from recsys_core.results.explanation import Contribution, Explanation
from recsys_core.results.fairness import (
    EVERYONE,
    Change,
    FairnessReport,
    Gap,
    GapChange,
    Group,
    GroupChange,
    GroupRow,
    LeftOut,
    OneVsRestGap,
    Verdict,
)
from recsys_core.results.ranking import (
    Evaluation,
    PairResult,
    RankedItem,
    RankingResult,
    Recommendation,
)

__all__ = [
    "EVERYONE",
    "Change",
    "CompressionReport",
    "Contribution",
    "Evaluation",
    "Explanation",
    "FairnessReport",
    "Gap",
    "GapChange",
    "Group",
    "GroupChange",
    "GroupRow",
    "LeftOut",
    "Measurement",
    "OneVsRestGap",
    "PairResult",
    "RankedItem",
    "RankingResult",
    "Recommendation",
    "Verdict",
]
