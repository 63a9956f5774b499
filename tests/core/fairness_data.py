"""Datasets and evaluations spelled out by hand, or drawn with a planted gap, for the fairness tests."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from small_data import item_table

from recsys_core.data.dataset import Dataset
from recsys_core.data.schema import Column, Schema
from recsys_core.fairness import audit
from recsys_core.metrics import log_loss, ndcg_at_k, recall_at_k, roc_auc, top_k, user_item_table
from recsys_core.results import Evaluation, FairnessReport, PairResult, RankingResult

USER_COLUMNS = (Column("gender", "category", sensitive=True), Column("age", "number"))


def make_dataset(
    users: dict[str, list],
    items: dict[str, list],
    *,
    columns: tuple[Column, ...] = USER_COLUMNS,
    item_columns: tuple[Column, ...] = (),
    taken: list[tuple[int, int]] = (),
) -> Dataset:
    """Tables from plain lists; ``taken`` are pairs of user and item index."""
    pairs = np.array(taken, dtype=np.int32).reshape(-1, 2)
    n_items = len(next(iter(items.values())))
    interactions = pd.DataFrame(
        {"user_index": pairs[:, 0], "item_index": pairs[:, 1], "value": np.ones(len(pairs), np.float32), "time": 0}
    )
    user_table = pd.DataFrame(users)
    item_table = pd.DataFrame({"title": [f"item {i}" for i in range(n_items)], **items})
    user_table.insert(0, "user_id", [f"u{i}" for i in range(len(user_table))])
    item_table.insert(0, "item_id", [f"i{i}" for i in range(n_items)])
    schema = Schema(columns, item_columns, outcome="taken", has_time=False)
    return Dataset("small", schema, user_table, item_table, interactions)


def train_rows(dataset: Dataset) -> csr_array:
    """Everything in the dataset's interactions, which here is what was taken in training."""
    user, item = (dataset.interactions[c].to_numpy() for c in ("user_index", "item_index"))
    return item_table([item[user == u].tolist() for u in range(dataset.n_users)], dataset.n_items)


def audit_of(dataset: Dataset, evaluation: Evaluation, **how) -> FairnessReport:
    """`audit` with the dataset's interactions as training."""
    return audit(dataset, evaluation, train=train_rows(dataset), **how)


def make_evaluation(top: list[list[int]], held_out: list[list[int]], pairs: list[tuple]) -> Evaluation:
    """Evaluation of users 0, 1, … from their lists; ``pairs`` are (user, item, label, logit)."""
    top = np.array(top, dtype=int).reshape(len(held_out), -1 if held_out else 0)
    relevant = item_table(held_out, 1 + max((i for h in held_out for i in h), default=0))
    user, item, label, score = (np.array(x) for x in zip(*pairs, strict=True)) if pairs else [np.zeros(0)] * 4
    scored = PairResult(user.astype(int), item.astype(int), label, score, "logged")
    ranking = RankingResult(
        top.shape[1],
        np.arange(len(held_out)),
        top,
        ndcg_at_k(top, relevant),
        recall_at_k(top, relevant),
        relevant,
    )
    return Evaluation(ranking, scored, roc_auc(label, score), log_loss(label, score))


def ranked_rows(ranking: RankingResult, rows: np.ndarray) -> RankingResult:
    """Some users of a ranking, in the order asked for."""
    parts = (ranking.user_index, ranking.top, ranking.ndcg, ranking.recall)
    return RankingResult(ranking.k, *(part[rows] for part in parts), ranking.held_out[rows])


DATASET = make_dataset(
    {"gender": ["F", "F", "M", "M"], "age": [20.0, 30.0, 40.0, 50.0]},
    {"category": list("aabbb")},
    item_columns=(Column("category", "category"),),
    # popularity 3, 1, 1, 0, 0: item 0 is the head, the most popular fifth
    taken=[(0, 0), (1, 0), (2, 0), (2, 1), (3, 2)],
)
EVALUATION = make_evaluation(
    top=[[3, 1], [1, 2], [3, 4], [0, 1]],
    held_out=[[3], [4], [4], [1, 3]],
    pairs=[
        (0, 3, 1, 2.0),
        (0, 1, 0, -1.0),
        (1, 4, 1, -0.5),
        (1, 2, 0, 1.0),
        (2, 4, 1, 0.0),
        (3, 1, 1, 3.0),
        (3, 3, 1, -1.0),
        (3, 0, 0, -3.0),
    ],
)


def draw_case(
    n_users: int = 300, *, seed: int = 0, noise: dict[str, float] | None = None, per_user: int = 8, n_items: int = 60
) -> tuple[Dataset, Evaluation]:
    """Users of four regions; the model's logit is the truth plus noise, ``noise[region]`` strong (else 0.3).

    ``gender`` means nothing. Every user's first pairs are history, the last ``per_user`` the test.
    """
    generator = np.random.default_rng(seed)
    region, gender = generator.choice(list("NSEW"), n_users), generator.choice(["F", "M"], n_users)
    truth = 2 * generator.normal(size=(n_users, 3)) @ generator.normal(size=(3, n_items))
    strength = np.array([(noise or {}).get(r, 0.3) for r in region])
    score = truth + strength[:, None] * generator.normal(size=truth.shape)
    item = np.argsort(generator.random(truth.shape), axis=1)[:, : 2 * per_user]
    user = np.broadcast_to(np.arange(n_users)[:, None], item.shape)
    label = generator.random(item.shape) < 1 / (1 + np.exp(-truth[user, item]))
    past, test = (slice(None), slice(0, per_user)), (slice(None), slice(per_user, None))
    taken = np.column_stack([user[past][label[past]], item[past][label[past]]])
    dataset = make_dataset(
        {"region": region, "gender": gender, "age": generator.integers(18, 70, n_users).astype(float)},
        {"category": list(generator.choice(list("abc"), n_items))},
        columns=(*USER_COLUMNS, Column("region", "category")),
        item_columns=(Column("category", "category"),),
        taken=taken.tolist(),
    )
    pairs = PairResult(
        user[test].ravel(),
        item[test].ravel(),
        label[test].ravel().astype(int),
        score[user, item][test].ravel(),
        "logged",
    )
    held_out = user_item_table(pairs.user_index[pairs.label > 0], pairs.item_index[pairs.label > 0], truth.shape)
    top = top_k(score, 10, excluded=user_item_table(taken[:, 0], taken[:, 1], truth.shape))
    ranked = np.flatnonzero(np.diff(held_out.indptr))
    ranking = RankingResult(
        10,
        ranked,
        top[ranked],
        ndcg_at_k(top, held_out)[ranked],
        recall_at_k(top, held_out)[ranked],
        held_out[ranked],
    )
    auc, loss = roc_auc(pairs.label, pairs.score), log_loss(pairs.label, pairs.score)
    return dataset, Evaluation(ranking, pairs, auc, loss)
