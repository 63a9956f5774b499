"""The frozen results that travel from the core to charts, pages and the command line: one file a stage."""

from recsys_core.results.compression import CompressionReport, Measurement
from recsys_core.results.explanation import Contribution, Explanation
from recsys_core.results.ranking import (
    Evaluation,
    PairResult,
    RankedItem,
    RankingResult,
    Recommendation,
)

__all__ = [
    "CompressionReport",
    "Contribution",
    "Evaluation",
    "Explanation",
    "Measurement",
    "PairResult",
    "RankedItem",
    "RankingResult",
    "Recommendation",
]
