"""Results of compressing: what a variant costs and changes, beside the dense model."""

from __future__ import annotations

from dataclasses import dataclass, field

from recsys_core.variant import ModelVariant


@dataclass(frozen=True, slots=True, eq=False)
class Measurement:
    """What one variant costs and how well it does, measured on this machine.

    ``latency_ms`` maps ``batch_1`` and ``batch_256`` to ``{"p50": …, "p95": …}``.
    ``size_bytes`` is network, embedding tables and cached item vectors as stored on disk;
    ``text_bytes`` of them are the cached vectors of texts.
    ``auc``, ``ndcg`` and ``recall`` are None where the test part has nothing to compute them from.
    """

    size_bytes: int
    text_bytes: int
    encoder_bytes: int
    n_parameters: int
    macs: int
    latency_ms: dict[str, dict[str, float]]
    auc: float | None
    ndcg: float | None
    recall: float | None

    def to_json(self) -> dict:
        plain = ("size_bytes", "text_bytes", "encoder_bytes", "n_parameters", "macs", "latency_ms", "auc")
        return {k: getattr(self, k) for k in plain} | {"ndcg@10": self.ndcg, "recall@10": self.recall}

    @classmethod
    def from_json(cls, data: dict) -> Measurement:
        plain = {k: v for k, v in data.items() if "@" not in k}
        return cls(**plain, ndcg=data["ndcg@10"], recall=data["recall@10"])


@dataclass(frozen=True, slots=True, eq=False)
class CompressionReport:
    """One variant against the dense model, measured in the same minute.

    ``top_10_overlap``: mean share of a user's dense top ten that the variant keeps.
    ``explanation_drift``: ``rank_correlation`` and ``top_3_kept`` of exact attributions on
    ``n_pairs`` seeded pairs with ``background`` rows. ``before_training``: AUC and NDCG@10 of
    a structured variant before its epoch of distillation, None elsewhere. ``noise``: half
    width of the bootstrap interval of each metric's paired difference.

    Lists are compared for ``n_users`` of the ``n_test_users`` users with held-out items. Where
    that is a sample, the variant's NDCG and recall are the dense model's of all users plus the
    mean difference of the sample's. ``group_gaps``: the gap of every user column, by column;
    ``group_gap``: that of the ``column`` that is watched, with ``is_real`` (more than noise for the
    dense model), ``p_corrected`` and ``n_tested``. ``ties``: for ``dense`` and ``variant``
    the mean number of ``distinct`` scores in a list and the share of users with a tie
    ``inside`` their list and ``across`` its border. ``auc_interval``: 95 %, of each model's
    AUC, bootstrap over users. ``same_runtime_ms``: latencies of the dense model in the runtime
    of the variant, None where that is PyTorch for both.
    """

    variant: ModelVariant
    dense: Measurement
    compressed: Measurement
    top_10_overlap: float
    explanation_drift: dict[str, float]
    group_gap: dict[str, object]
    before_training: dict[str, float] | None
    noise: dict[str, float]
    n_users: int
    n_test_users: int
    group_gaps: dict[str, dict]
    ties: dict[str, dict[str, float]]
    auc_interval: dict[str, list[float]]
    same_runtime_ms: dict[str, dict[str, float]] | None
    seed: int
    measured_at: str
    machine: str
    extra: dict = field(default_factory=dict)
