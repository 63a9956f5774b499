"""``evaluate`` and ``recommend``: how good a variant is, and the list that a user gets."""

from __future__ import annotations

import argparse
from typing import Any

from recsys_core.commands.command import Command, add_variant, open_variant
from recsys_core.progress import Progress


def evaluate_arguments(parser: argparse.ArgumentParser) -> None:
    add_variant(parser)
    users = "test users that lists are made for (default: those that training evaluated on)"
    parser.add_argument("--users", default="", metavar="all|N", help=users)


def run_evaluate(args: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    from recsys_core.models.user_sample import QUICK, STORED, UserLimit, evaluate_users

    said = UserLimit.from_text(args.users)
    opened = open_variant(args)
    limit = STORED if said == QUICK else said
    found = evaluate_users(opened.model, opened.scorer, limit=limit, reranker=opened.reranker, progress=progress)
    stored = opened.model.training.to_json()
    return {
        "task": stored["task"],
        "split": stored["split"],
        **found.to_json(),
        **({} if found.sample is None else {"n_all_users": found.sample.n_all_users, "users_seed": found.sample.seed}),
        "seconds": stored["seconds"],
        "n_parameters": opened.scorer.n_parameters,
        "baselines": stored["baselines"],
        "variant": opened.variant.key,
    }


def recommend_arguments(parser: argparse.ArgumentParser) -> None:
    add_variant(parser)
    parser.add_argument("--user", required=True, metavar="ID")
    parser.add_argument("--k", type=int, default=10)


def run_recommend(args: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    from recsys_core.recommend import recommend

    opened = open_variant(args)
    model, k = opened.model, min(args.k, opened.model.dataset.n_items)
    user_index = model.user_index(args.user)
    found = recommend(opened.scorer, model.split_dataset, user_index, k=k, reranker=opened.reranker)
    keys = ("item_id", "title", "score", "probability", "rank", "held_out")
    items = [{k: getattr(item, k) for k in keys} for item in found.items]
    if model.task == "rating":  # its scores are ratings, no logits
        items = [item | {"probability": None} for item in items]
    return {"items": items, "n_candidates": found.n_candidates, "seconds": found.seconds}


EVALUATE = Command("evaluate", "quality on the test part", evaluate_arguments, run_evaluate)
RECOMMEND = Command("recommend", "a user's best unseen items", recommend_arguments, run_recommend)
