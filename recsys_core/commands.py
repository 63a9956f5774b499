"""Commands: what each word of the command line does; data in, one JSON-ready object out."""

from __future__ import annotations

import argparse
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from recsys_core.errors import SettingError, filled
from recsys_core.progress import Progress
from recsys_core.variant import ModelVariant

if TYPE_CHECKING:
    from recsys_core.data.dataset import Dataset
    from recsys_core.models.scorer import Scorer
    from recsys_core.models.trained_model import TrainedModel
    from recsys_core.rerank import Reranker


def run_sample(args: argparse.Namespace, progress: Progress) -> dict:
    from recsys_core.data.sample import make_sample

    return make_sample(args.domain, args.seed, args.out)


def run_import(args: argparse.Namespace, progress: Progress) -> dict:
    from recsys_core.data.importers import import_dataset
    from recsys_core.data.understood import understood
    from recsys_core.messages import MESSAGES

    dataset = import_dataset(args.format, args.source, args.mapping)
    dataset.save(args.out)
    return {
        "n_users": dataset.n_users,
        "n_items": dataset.n_items,
        "n_interactions": dataset.n_interactions,
        "fingerprint": dataset.fingerprint(),
        "understood": understood(dataset).to_json(),
        "warnings": [filled(MESSAGES[key], values) for key, values in dataset.warnings],
    }


def run_train(args: argparse.Namespace, progress: Progress) -> dict:
    from recsys_core.data.dataset import Dataset
    from recsys_core.models.fit import FitRequest, fit_workspace

    dataset = Dataset.load(args.data)
    request = FitRequest(
        name=args.name, task=args.task, split=args.split, seed=args.seed, epochs=args.epochs, encoder=args.encoder
    )
    metrics = fit_workspace(dataset, args.out, request, progress=progress)
    return metrics | {"understood": _used(dataset, args.out, metrics["task"])}


def _used(dataset: Dataset, workspace: Path, task: str) -> dict:
    """What was understood, with the rows of the task that was trained and of its parts."""
    from recsys_core.data.understood import understood
    from recsys_core.models.artifact import load_config
    from recsys_core.models.model_store import ModelStore

    found = understood(dataset).to_json()
    rows = load_config(ModelStore(Path(workspace)).folder(""))["rows"]
    return found | {"tasks": {task: found["tasks"][task]}, "parts": rows}


def run_prepare(args: argparse.Namespace, progress: Progress) -> dict:
    """Everything the app needs from a folder of tables: import, train, measure the default levels."""
    from recsys_core.compare import measure_grid
    from recsys_core.data.importers import import_dataset
    from recsys_core.models.fit import FitRequest, fit_workspace
    from recsys_core.models.workspace import open_model

    dataset = import_dataset(args.format, args.source, args.mapping)
    metrics = fit_workspace(dataset, args.out, FitRequest(name=args.name, seed=args.seed), progress=progress)
    reports = measure_grid(open_model(args.out), progress=progress)
    found = {"understood": _used(dataset, args.out, metrics["task"]), "levels_measured": len(reports)}
    return metrics | found


def run_measure(args: argparse.Namespace, progress: Progress) -> dict:
    """The default levels that are not measured yet, so that the app's sliders answer at once."""
    from recsys_core.compare import default_grid, measure_grid
    from recsys_core.models.workspace import open_model

    reports = measure_grid(open_model(args.workspace, args.model), seconds=args.seconds, progress=progress)
    return {"levels": len(default_grid()), "levels_measured": len(reports)}


def run_evaluate(args: argparse.Namespace, progress: Progress) -> dict:
    from recsys_core.models.evaluation import evaluate

    variant, model, scorer = _open(args)
    found = evaluate(scorer, model.split_dataset, reranker=_reranker(variant, model), progress=progress)
    stored = model.metrics
    return {
        "task": stored["task"],
        "split": stored["split"],
        **found.to_json(),
        "seconds": stored["seconds"],
        "n_parameters": sum(p.numel() for p in scorer.ranker.parameters()),
        "baselines": stored["baselines"],
        "variant": variant.key,
    }


def run_recommend(args: argparse.Namespace, progress: Progress) -> dict:
    from recsys_core.recommend import recommend

    variant, model, scorer = _open(args)
    k, reranker = min(args.k, model.dataset.n_items), _reranker(variant, model)
    found = recommend(scorer, model.split_dataset, model.user_index(args.user), k=k, reranker=reranker)
    keys = ("item_id", "title", "score", "probability", "rank", "held_out")
    items = [{k: getattr(item, k) for k in keys} for item in found.items]
    return {"items": items, "n_candidates": found.n_candidates, "seconds": found.seconds}


def run_explain(args: argparse.Namespace, progress: Progress) -> dict:
    from recsys_core.explain.explain import check_method, explain
    from recsys_core.recommend import user_pairs

    if args.background < 1:
        raise SettingError("setting.least", name="background", least=1, value=args.background)
    _, model, scorer = _open(args)
    check_method(scorer, method=args.method, history=args.history)
    pair = user_pairs(model.split_dataset, model.user_index(args.user), [model.item_index(args.item)])
    background = model.split_dataset.background(args.background, seed=args.seed)
    found = explain(scorer, model.dataset, pair, background, method=args.method, history=args.history, seed=args.seed)
    rows = [
        {
            "feature": c.feature,
            "value": c.value,
            "unit": c.unit,
            "contribution": c.contribution,
            "standard_error": c.standard_error,
            "probability_without": c.probability_without,
        }
        for c in found.contributions
    ]
    plain = ("score", "probability", "base_value", "completeness_gap", "standard_error", "fit", "background", "seed")
    return {k: getattr(found, k) for k in (*plain, "seconds", "exact")} | {"contributions": rows}


def run_compress(args: argparse.Namespace, progress: Progress) -> dict:
    from recsys_core.compare import measure_variant, report_to_json

    variant, model, _ = _open(args)
    return report_to_json(measure_variant(model, variant, progress=progress))


def run_fairness(args: argparse.Namespace, progress: Progress) -> dict:
    from recsys_core.fairness import audit, by_columns, report_json, scan, scan_json
    from recsys_core.models.evaluation import evaluate

    variant, model, scorer = _open(args)
    dataset = model.dataset
    by = by_columns(dataset, args.by) if args.by is not None else None
    found = evaluate(scorer, model.split_dataset, reranker=_reranker(variant, model), progress=progress)
    how = {"variant": variant, "train": model.split_dataset.sequences()}
    if by is None:
        return scan_json(scan(dataset, found, progress=progress, **how))
    return report_json(audit(dataset, found, by=by, **how))


def run_models(args: argparse.Namespace, progress: Progress) -> dict:
    """The models of a workspace, after one was made current or removed where that was asked for."""
    from recsys_core.models.model_store import ModelStore
    from recsys_core.models.workspace import read_about

    read_about(args.workspace)
    store = ModelStore(args.workspace)
    if args.make_current:
        store.make_current(args.make_current)
    if args.remove:
        store.remove(args.remove)
    return {"models": [asdict(entry) for entry in store.list()]}


def _reranker(variant: ModelVariant, model: TrainedModel) -> Reranker:
    from recsys_core.rerank import make_reranker

    return make_reranker(variant.reranking, model.dataset)


def _open(args: argparse.Namespace) -> tuple[ModelVariant, TrainedModel, Scorer]:
    """The variant asked for, its model, and the scorer that serves it."""
    from recsys_core.compress.variants import VariantCache
    from recsys_core.models.workspace import open_model

    variant = ModelVariant.from_arguments(args)
    model = open_model(args.workspace, variant.model)
    return replace(variant, model=model.variant.model), model, VariantCache(model).scorer(variant.compression)
