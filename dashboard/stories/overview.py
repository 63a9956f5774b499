"""What data, which model, how good: in two sentences, and the list of problems."""

from __future__ import annotations

import pandas as pd

from dashboard.texts import core_message, joined, numbers, plain, t
from dashboard.texts.markdown import Markdown, supporting
from recsys_core.data.profile import Profile
from recsys_core.models.anatomy import Stage
from recsys_core.models.workspace import Workspace


def best_possible(workspace: Workspace) -> dict[str, float]:
    """What the planted truth itself reaches, on sample data; empty elsewhere."""
    return workspace.metrics.get("best_possible") or {}


def sentence(workspace: Workspace) -> Markdown:
    """Quality against the best possible, popularity and EASE."""
    metrics, best = workspace.metrics, best_possible(workspace)
    auc = supporting(numbers.number(metrics["auc"]))
    of_best = t("overview.of_best", best=numbers.number(best["auc"])) if "auc" in best else Markdown("")
    first = t("overview.sentence.auc", auc=auc, of_best=of_best, percent=numbers.percent(metrics["auc"]))
    return joined(first, _ranking(metrics))


def _ranking(metrics: dict) -> Markdown:
    ndcg, popularity = metrics["ndcg@10"], metrics["baselines"]["popularity"]["ndcg@10"]
    if is_below_popularity(metrics):
        return t("overview.sentence.ndcg_below", ndcg=numbers.number(ndcg), popularity=numbers.number(popularity))
    values = {"ndcg": supporting(numbers.number(ndcg))}
    times = {"times": numbers.number(ndcg / popularity, 2)} if popularity > 0 else {}
    ease = metrics["baselines"].get("ease")
    against = (
        t(f"overview.ease.{_against_ease(metrics)}", ease=numbers.number(ease["ndcg@10"])) if ease else Markdown("")
    )
    key = "overview.sentence.ndcg" if times else "overview.sentence.ndcg_alone"
    return t(key, **values, **times, ease=against)


def is_below_popularity(metrics: dict) -> bool:
    """Whether the model's lists are worse than popularity's, beyond both intervals."""
    ours, theirs = (metrics["intervals"][name]["ndcg@10"] for name in ("model", "popularity"))
    return ours[1] < theirs[0]


def _against_ease(metrics: dict) -> str:
    """``above``, ``below`` or ``par``, where the intervals overlap."""
    ours, theirs = metrics["intervals"]["model"]["ndcg@10"], metrics["intervals"]["ease"]["ndcg@10"]
    return "above" if ours[0] > theirs[1] else "below" if ours[1] < theirs[0] else "par"


def doubts(workspace: Workspace) -> list[str]:
    """Task, split, users tested, seed and intervals."""
    metrics, config = workspace.metrics, workspace.config
    return [
        t(f"task.{workspace.task}"),
        t(f"split.{config['split']}"),
        t("overview.doubt.users", n=metrics["n_users"]),
        t("overview.doubt.pairs", n=metrics["n_pairs"]),
        t("overview.doubt.catalogue", n=workspace.dataset.n_items),
        t("overview.doubt.seed", seed=config["seed"]),
        t("overview.doubt.interval"),
    ]


def problems(workspace: Workspace) -> list[Markdown]:
    """Everything that was noticed when the data came in, as sentences."""
    return [core_message(key, values) for key, values in workspace.dataset.warnings]


def lists_sentence(workspace: Workspace) -> list[Markdown]:
    """Why the lists of a model of ratings may be of no use; nothing where they are of use."""
    of_ratings = workspace.task != "implicit" and workspace.dataset.schema.outcome == "rating"
    return [t("overview.lists_poor")] if of_ratings and is_below_popularity(workspace.metrics) else []


def ids_sentence(workspace: Workspace) -> Markdown:
    """Whether user and item ids are reasons of this model, and what validation said of both ways."""
    tried = workspace.config.get("candidates", {})
    key = "overview.ids.kept" if any(g.kind == "id" for g in workspace.features.groups) else "overview.ids.left_out"
    names = {"with ids": "with_ids", "without ids": "without_ids"}
    figures = [
        plain(f"overview.ids.{names[name]}", value=numbers.number(abs(value), 4))
        for name, value in tried.items()
        if name in names
    ]
    measure = plain(f"overview.validation.{workspace.task}")
    shown = t("overview.ids.tried", figures=", ".join(figures), measure=measure) if len(figures) > 1 else Markdown("")
    return joined(t(key), shown)


def figures(found: Profile, language: str) -> list[tuple[str, str, str]]:
    """Label, value and note of each figure card."""
    cards = [
        (t("overview.users"), numbers.count(found.n_users), ""),
        (t("overview.items"), numbers.count(found.n_items), ""),
        (
            t("overview.interactions"),
            numbers.count(found.n_interactions),
            t("overview.per_user", n=numbers.count(found.n_interactions / max(1, found.n_users))),
        ),
        (t("overview.seen"), numbers.percent(found.density, 1), t("overview.seen.note")),
    ]
    if found.first_time is not None:
        last = numbers.date(found.last_time, language)
        cards.append((t("overview.period"), numbers.month(found.first_time), t("overview.period.to", last=last)))
    return cards


def stage_lines(stage: Stage) -> dict[str, str]:
    """What stands on a stage's card: its job, shapes, parameters and bytes."""
    shapes = " → ".join(numbers.count(w) for w in stage.widths) or plain("anatomy.nothing")
    if stage.name == "encoder":
        shapes = plain("anatomy.text_in", width=stage.n_outputs) if stage.n_outputs else plain("anatomy.no_text")
    if stage.name == "adapter":
        shapes = plain("anatomy.reasons_in", n=stage.n_inputs, width=stage.n_outputs)
    return {
        "shapes": shapes,
        "parameters": plain("anatomy.parameters", n=numbers.short(stage.n_parameters)),
        "size": numbers.size(stage.size_bytes),
        "trained": plain("anatomy.trained" if stage.is_trained else "anatomy.frozen"),
    }


def quality_table(workspace: Workspace) -> pd.DataFrame:
    """Every measure of the model and the baselines with its interval, for the download."""
    metrics = workspace.metrics
    who = {"model": metrics} | metrics["baselines"]
    return pd.DataFrame(
        [
            {"who": name, "measure": measure, "value": figures.get(measure), "low": low, "high": high}
            for name, figures in who.items()
            for measure, (low, high) in metrics["intervals"][name].items()
        ]
    )
