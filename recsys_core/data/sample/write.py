"""Write a sample as a folder: three tables, the mapping that reads them, the truth, and a README."""

from __future__ import annotations

import gzip
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from recsys_core.data.folder import atomic_folder
from recsys_core.data.sample.best import best_by_group, best_figures, states
from recsys_core.data.sample.domain import Domain
from recsys_core.data.sample.generate import Sample
from recsys_core.data.sample.readme import readme
from recsys_core.data.sample.shapley import planted_importance
from recsys_core.data.sample.truth import FORMAT, SLOPE_PLAYER
from recsys_core.data.split import TEST, TRAIN, part_by_user
from recsys_core.errors import phrase

N_BACKGROUND = 32
N_PAIRS = 500
SENSITIVE = "user.gender"


def write_sample(domain: Domain, seed: int, sample: Sample, out: Path) -> dict:
    """Write the folder (as a whole or not at all) and return what ``truth.json`` says."""
    about = describe(domain, seed, sample)
    with atomic_folder(out, phrase("what.sample"), marker="truth.json") as folder:
        sample.users.to_csv(folder / "users.csv", index=False, lineterminator="\n")
        sample.items.to_csv(folder / "items.csv", index=False, lineterminator="\n")
        (folder / "interactions.csv.gz").write_bytes(_packed(_interactions(sample)))
        _write_json(folder / "mapping.json", mapping(domain))
        _write_json(folder / "truth.json", about)
        (folder / "README.md").write_text(readme(domain, about), encoding="utf-8")
    return about


def describe(domain: Domain, seed: int, sample: Sample) -> dict:
    """Everything that ``truth.json`` holds: the function, what follows from it, and the best figures."""
    function = sample.truth.function
    under_served, importance = _under_served(domain), _importance(sample, seed)
    spoken_of = {*function.planted, under_served["column"]}
    without = [p for p in function.players if p not in spoken_of]
    return {
        "format": FORMAT,
        "domain": domain.name,
        "title": domain.title,
        "seed": seed,
        "counts": _counts(sample),
        "function": function.to_json(),
        "importance": {p: round(v, 4) for p, v in importance.items()},
        "importance_unit": "mean absolute exact Shapley value of the planted logit, in logits; "
        f"at most {N_PAIRS} seeded test impressions, background of {N_BACKGROUND} seeded training impressions",
        "ranking": list(importance),
        "interactions": function.interactions,
        "columns_without_effect": without,
        "sensitive_without_effect": SENSITIVE,
        "under_served": under_served,
        "logging_policy": f"softmax of {domain.policy} * logit over the items that the user was not shown yet",
        **_figures(sample, under_served["column"]),
        "best_how": "held out: each user's last tenth of impressions. AUC: planted probability at each held-out "
        "impression. NDCG@10: all items not shown before the held-out part, ranked by planted probability in the "
        "user's state at that moment; relevant are the held-out items taken; mean over users with at least one. "
        "Popularity: the same with how often an item was recorded as taken before. By group: the same figures over the "
        "users with each value of the under-served column.",
        **_records(sample),
    }


def mapping(domain: Domain) -> dict:
    """What each column of the folder is, for the importer of tables."""
    users = {
        "age": {"kind": "number", "unit": "years"},
        "gender": {"kind": "category", "sensitive": True},
        "income": {"kind": "number", "unit": "thousand €"},
        "occupation": {"kind": "ignored"},
        "region": {"kind": "category"},
        "device": {"kind": "category"},
        "interest": {"kind": "category"},
    }
    items = {
        "title": {"kind": "text"},
        "category": {"kind": "category"},
        domain.amount.name: {"kind": "number", "unit": domain.amount.unit},
        domain.maker.name: {"kind": "category"},
        domain.quality.name: {"kind": "number", "unit": domain.quality.unit},
        domain.decoy.name: {"kind": "category"},
    }
    log = {"user": "user_id", "item": "item_id", "time": "time", "value": "outcome", "propensity": "propensity"}
    return {
        "name": domain.title,
        "users": {"file": "users.csv", "id": "user_id", "name": "name", "columns": users},
        "items": {"file": "items.csv", "id": "item_id", "title": "title", "columns": items},
        "interactions": {"file": "interactions.csv.gz", **log, "outcome": domain.outcome},
    }


def _log(sample: Sample, outcome: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    log = sample.log
    return log["user"].to_numpy(), log["item"].to_numpy(), log[outcome].to_numpy(dtype=bool)


def _figures(sample: Sample, grouped_by: str) -> dict:
    figures = best_figures(sample.truth, *_log(sample, "outcome"), item_ids=sample.items["item_id"])
    group = sample.users[grouped_by.partition(".")[2]].to_numpy()
    return {
        "best_auc": round(figures["best_auc"], 4),
        "best_ndcg@10": round(float(np.nanmean(figures["best_ndcg@10_by_user"])), 4),
        "popularity_ndcg@10": round(float(np.nanmean(figures["popularity_ndcg@10_by_user"])), 4),
        "best_by_group": best_by_group(figures, group),
        "suitable_share": round(figures["suitable"], 4),
    }


def _importance(sample: Sample, seed: int) -> dict[str, float]:
    rng = np.random.default_rng([seed, 2])
    every, user = states(sample.truth, *_log(sample, "taken")), sample.log["user"].to_numpy()
    part = part_by_user(user, np.arange(len(user)))
    test, train = (rng.permutation(np.flatnonzero(part == p)) for p in (TEST, TRAIN))
    return planted_importance(sample.truth, every[test[:N_PAIRS]], every[train[:N_BACKGROUND]])


def _counts(sample: Sample) -> dict:
    return {
        "n_users": len(sample.users),
        "n_items": len(sample.items),
        "n_interactions": len(sample.log),
        "n_taken": int(sample.log["outcome"].sum()),
    }


def _under_served(domain: Domain) -> dict:
    """Who is served worse and why: by how it is *recorded*, or by a *slope* of their own."""
    if domain.recording is not None:
        return {"kind": "recording", **asdict(domain.recording)}
    value = min(domain.slopes, key=domain.slopes.__getitem__)
    about = {"column": SLOPE_PLAYER, "value": value, "slope": domain.slopes[value], "cause": domain.slope_cause}
    return {"kind": "slope", **about}


def _records(sample: Sample) -> dict:
    """Where records and truth differ: the raw ids of what was taken and recorded as not taken, by user."""
    rows = sample.truth.unrecorded
    if not len(rows):
        return {}
    user, item = sample.users["user_id"].to_numpy()[rows[:, 0]], sample.items["item_id"].to_numpy()[rows[:, 1]]
    by_user = {str(u): sorted(item[user == u].tolist()) for u in np.unique(user)}
    return {
        "unrecorded_how": "items by user that were taken and stand in the log as not taken, never in a user's last "
        "fifth. Histories, importance and the best figures follow what was taken; a model sees only the records",
        "unrecorded": by_user,
    }


def _interactions(sample: Sample) -> str:
    log = sample.log
    table = pd.DataFrame(
        {
            "user_id": sample.users["user_id"].to_numpy()[log["user"]],
            "item_id": sample.items["item_id"].to_numpy()[log["item"]],
            "time": log["time"],
            "outcome": log["outcome"].astype(int),
            "propensity": log["propensity"],
        }
    )
    return table.to_csv(index=False, float_format="%.3g", lineterminator="\n")


def _packed(text: str) -> bytes:
    """Gzip without a clock inside: the same text is always the same bytes."""
    return gzip.compress(text.encode(), compresslevel=6, mtime=0)


def _write_json(path: Path, data: dict) -> None:
    path.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
