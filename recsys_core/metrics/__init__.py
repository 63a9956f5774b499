"""Measures, vectorised over users: of scored pairs, of rankings, of lists, and of agreement.

One file an idea; import the names from here. Nothing in this package knows datasets or models.
"""

from recsys_core.metrics.agreement import average_ranks, list_overlap, rank_correlation, top_overlap
from recsys_core.metrics.intervals import mean_interval
from recsys_core.metrics.lists import (
    HEAD_SHARE,
    catalogue_coverage,
    exposure_weights,
    gini,
    head_items,
    item_exposure,
    list_diversity,
    mean_popularity,
    popularity_lift,
    popularity_parts,
    profile_popularity,
)
from recsys_core.metrics.paired import N_DRAWS, PairedDifference, UserGains, paired_difference
from recsys_core.metrics.pairs import (
    calibration_gap,
    expected_calibration_error,
    grouped_auc,
    log_loss,
    logistic,
    probability,
    reliability,
    rmse,
    roc_auc,
    roc_auc_interval,
)
from recsys_core.metrics.ranking import is_relevant, ndcg_at_k, recall_at_k, sorted_once, top_k, user_item_table
from recsys_core.metrics.ties import list_ties

__all__ = [
    "HEAD_SHARE",
    "N_DRAWS",
    "PairedDifference",
    "UserGains",
    "average_ranks",
    "calibration_gap",
    "catalogue_coverage",
    "expected_calibration_error",
    "exposure_weights",
    "gini",
    "grouped_auc",
    "head_items",
    "is_relevant",
    "item_exposure",
    "list_diversity",
    "list_overlap",
    "list_ties",
    "log_loss",
    "logistic",
    "mean_interval",
    "mean_popularity",
    "ndcg_at_k",
    "paired_difference",
    "popularity_lift",
    "popularity_parts",
    "probability",
    "profile_popularity",
    "rank_correlation",
    "recall_at_k",
    "reliability",
    "rmse",
    "roc_auc",
    "roc_auc_interval",
    "sorted_once",
    "top_k",
    "top_overlap",
    "user_item_table",
]
