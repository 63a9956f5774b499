"""What being explainable costs, in words."""

from __future__ import annotations

from dashboard.presentation.texts import numbers, plain, t, word
from dashboard.presentation.texts.markdown import Markdown
from recsys_core.results.self_explaining import RANKER, SURROGATE, CostOfExplaining, ExplainedModel

DIGITS = 3


def model_name(name: str) -> str:
    """A model of the comparison by its words."""
    return word("core.contender", name)


def sentences(cost: CostOfExplaining) -> list[Markdown]:
    """What the best self-explaining model loses in its lists, and how much of the ranker a sum of curves repeats."""
    own = cost.self_explaining
    found = [_price(own[0], cost[RANKER])] if own else []
    repeated = next((model.agreement for model in cost.models if model.name == SURROGATE), None)
    if repeated is not None:
        found.append(t("cost.sentence.surrogate", share=numbers.percent(repeated)))
    return found


def _price(best: ExplainedModel, ranker: ExplainedModel) -> Markdown:
    if best.ndcg is None or ranker.ndcg is None or best.ranker_ahead is None:
        return t("cost.sentence.nobody")
    values = {"name": model_name(best.name), "value": numbers.number(best.ndcg), "ranker": numbers.number(ranker.ndcg)}
    if best.ranker_ahead_low is None:
        return t("cost.sentence.few", **values)
    ends = (best.ranker_ahead, best.ranker_ahead_low, best.ranker_ahead_high)
    values |= dict(zip(("ahead", "low", "high"), (numbers.signed(x, DIGITS) for x in ends), strict=True))
    standing = {None: "par", True: "behind", False: "above"}[best.is_behind]
    return t(f"cost.sentence.{standing}", **values, share=numbers.percent(best.ranker_ahead / ranker.ndcg))


def caveats(cost: CostOfExplaining) -> list[Markdown]:
    """On what the figures rest, and who is missing."""
    sample = cost.sample
    users = t("cost.users", n=sample.n_users, pairs=cost.n_pairs)
    if not sample.is_all:
        users = t("cost.users.sample", n=sample.n_users, of=sample.n_all_users, seed=sample.seed, pairs=cost.n_pairs)
    n_explained = max((model.n_explained for model in cost.models), default=0)
    return [
        users,
        t("cost.rows", n=cost.n_logged, of=cost.n_all_logged, seed=cost.seed),
        t("cost.times", n=n_explained, background=cost.background, took=numbers.duration(cost.seconds)),
        t("cost.what"),
        *(t("cost.left_out", name=model_name(left.name), reason=_reason(left.reason)) for left in cost.left_out),
    ]


def _reason(key: str) -> str:
    return plain(f"core.{key}", file="requirements.txt")
