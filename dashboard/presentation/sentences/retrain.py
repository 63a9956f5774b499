"""Another model over changed features: what was changed, how long it takes, and what that does."""

from __future__ import annotations

from collections.abc import Mapping

from dashboard.presentation import wording
from dashboard.presentation.texts import joined, listed, numbers, plain, t
from dashboard.presentation.texts.markdown import Markdown
from recsys_core.data.dataset import Dataset
from recsys_core.models.feature_changes import FeatureChanges
from recsys_core.models.trained_model import TrainedModel
from recsys_core.player import Player
from recsys_core.results import ModelComparison, QualityChange
from recsys_core.results.edits import cell_text


def proposed_name(names: Mapping[str, str], picked: Mapping[str, list[str]]) -> str:
    """A name of what was picked: "without age"."""
    said = [
        plain(f"retrain.named.{kind}", columns=listed([names[k] for k in keys]))
        for kind, keys in picked.items()
        if keys
    ]
    return plain("list.join").join(said)


def duration(model: TrainedModel) -> list[Markdown]:
    """How long the training will take, by that of the model whose settings it takes, and what it will be."""
    took = numbers.duration(model.training.seconds)
    return [t("retrain.duration", time=took, epochs=model.config["epochs"], name=model.name), t("retrain.same")]


def changed(data: Dataset, changes: FeatureChanges) -> Markdown:
    """What a model reads otherwise than the dataset says."""

    def named(keys: tuple[str, ...]) -> str:
        return listed([wording.feature_name(data, Player.parse(key)) for key in keys])

    parts = []
    if changes.without:
        parts.append(t("retrain.changed.without", columns=named(changes.without)))
    if changes.audit_only:
        parts.append(t("retrain.changed.audit_only", columns=named(changes.audit_only)))
    for key, edges in changes.buckets.items():
        parts.append(t("retrain.changed.bucket", column=named((key,)), edges=", ".join(map(cell_text, edges))))
    return joined(*parts) if parts else t("retrain.changed.none")


def comparison(data: Dataset, found: ModelComparison, name: str) -> Markdown:
    """The answer: NDCG better, worse or within noise; how many of ten recommendations and of three reasons stay."""
    parts = [_quality(next(row for row in found.quality if row.name == "ndcg@10"), name)]
    if found.lists is not None and found.lists.mean is not None:
        parts.append(t("retrain.lists", n=numbers.number(10 * found.lists.mean, 2)))
    if found.reasons is not None and found.reasons.top_3_overlap is not None:
        share, rho = numbers.percent(found.reasons.top_3_overlap), numbers.fixed(found.reasons.rank_correlation)
        parts.append(t("retrain.reasons", share=share, rho=rho))
    for key, keys in (("gone", found.gone), ("new", found.new)):
        if keys:
            names = listed([wording.feature_name(data, Player.parse(k)) for k in keys])
            parts.append(t(f"retrain.reasons.{key}", columns=names))
    return joined(*parts)


def _quality(row: QualityChange, name: str) -> Markdown:
    if row.change is None:
        return t("retrain.quality.none")
    verdict = "noise" if row.within_noise else "better" if row.change > 0 else "worse"
    figures = {k: numbers.fixed(v, 3) for k, v in (("first", row.first), ("second", row.second))}
    ends = {k: numbers.signed(v, 3) for k, v in (("low", row.low), ("high", row.high))}
    return t(f"retrain.quality.{verdict}", name=name, **figures, **ends)


def caveats(found: ModelComparison) -> list[Markdown]:
    """On how many users and pairs, and which seed."""
    said = [t("retrain.caveat.users", n=found.n_users, seed=found.seed)]
    if found.reasons is not None:
        shown = {"n": found.reasons.n_pairs, "background": found.reasons.background, "shared": len(found.shared)}
        said.append(t("retrain.caveat.reasons", **shown))
    return [*said, t("retrain.caveat.paired"), t("explain.caveat.seconds", time=numbers.duration(found.seconds))]
