"""The three questions of an adversarial audit: a figure each, the chance of it without harm, and with much harm.

A question has two tests. *Harm*: could the figure be chance? *Safe*: could the harm be as large as a stated margin?
Both are one-sided, so that "not found" is never sold as "not there" (equivalence testing: Schuirmann 1987).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from recsys_core.compare.attribute_flips import FlipSettings, attribute_flips
from recsys_core.errors import RecLensError, phrase
from recsys_core.fairness.cohort import AuditSettings
from recsys_core.fairness.leakage import ProbedUsers, ProbeSettings, auc_draws, leakage
from recsys_core.fairness.probe import probe, whitened
from recsys_core.fairness.subgroups import find_subgroups
from recsys_core.models.representation import representation_of
from recsys_core.models.scorer import Scorer
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.progress import Progress
from recsys_core.rerank import BY_SCORE, Reranker
from recsys_core.results import Evaluation
from recsys_core.results.adversarial_audit import AuditQuestion
from recsys_core.results.attribute_audit import AttributeFlips
from recsys_core.results.subgroups import SubgroupSearch
from recsys_core.variant import ModelVariant

LEAKAGE_MARGIN = 0.05  # of AUC above one half
SUBGROUP_MARGIN = 0.1  # of everyone's NDCG@10
FLIPS_MARGIN = 0.05  # of users whose ten items change
SIDES = ("greater", "less")
TAILS = (0.025, 0.975)
SPREAD = 2 * 1.959964  # standard errors in a 95 % interval


@dataclass(frozen=True, slots=True, eq=False)
class AuditedModel:
    """A model with what makes its lists, and its lists of the users that are looked at."""

    scorer: Scorer
    evaluation: Evaluation
    reranker: Reranker = BY_SCORE

    @property
    def variant(self) -> ModelVariant:
        """Which it is."""
        return replace(self.scorer.variant, reranking=self.reranker.settings)


def ask_leakage(
    model: AuditedModel,
    before: AuditedModel | None,
    split_dataset: SplitDataset,
    by: tuple[str, ...],
    settings: ProbeSettings,
    progress: Progress,
) -> AuditQuestion:
    """Can a probe read the attribute, or its reverse? Harm: the attribute shuffled.

    A probe that is wrong more often than chance knows the attribute as well: below one half an AUC is turned over
    (``reason`` says so), and both tests look at the distance from one half.

    Safe: the larger of two chances of an AUC at the margin, by resampled users and by the spread of the shufflings,
    which knows that another probe would have been fitted to other users, too.
    """
    found = leakage(model.scorer, split_dataset, by=by, settings=settings, progress=progress)
    is_reversed = found.auc.value < 0.5
    drawn = ProbedUsers.draw(split_dataset.dataset, by, split_dataset.sequences(), settings)

    def draws_of(scorer: Scorer) -> tuple[float, np.ndarray]:
        inputs = whitened(representation_of(scorer, split_dataset, drawn.users))
        probed = probe(inputs, drawn.code, seed=settings.seed)
        auc, draws = float(probed.auc()[0]), auc_draws(probed, settings)
        return (1 - auc, 1 - draws) if auc < 0.5 else (auc, draws)

    auc, draws = draws_of(model.scorer)
    spread = found.auc.value - found.shuffled
    change: tuple[float | None, ...] = (None,) * 4
    if before is not None:
        earlier, earlier_draws = draws_of(before.scorer)
        low, high = np.nanquantile(draws - earlier_draws, TAILS)
        value = auc - earlier
        change = earlier, value, min(float(low), value), max(float(high), value)
    return AuditQuestion(
        key="leakage",
        status="hold",
        margin=LEAKAGE_MARGIN,
        figure=auc,
        low=1 - found.auc.high if is_reversed else found.auc.low,
        high=1 - found.auc.low if is_reversed else found.auc.high,
        before=change[0],
        change=change[1],
        change_low=change[2],
        change_high=change[3],
        p_harm=found.p_value,
        p_safe=max(_share_above(np.abs(draws - 0.5), LEAKAGE_MARGIN), _share_above(np.abs(spread), LEAKAGE_MARGIN)),
        n=found.n_users,
        reason=phrase("adversarial.reversed", auc=f"{found.auc.value:.3f}") if is_reversed else None,
        leakage=found,
    )


def ask_subgroup(
    model: AuditedModel,
    before: AuditedModel | None,
    split_dataset: SplitDataset,
    settings: AuditSettings,
    progress: Progress,
) -> AuditQuestion:
    """Is any subgroup served worse? Harm: the whole search shuffled; safe: the largest deficit of those that stand out.

    The figure is what the worst subgroup lacks of everyone else's NDCG@10.
    """

    def search(audited: AuditedModel) -> SubgroupSearch:
        return find_subgroups(
            split_dataset.dataset,
            audited.evaluation,
            train=split_dataset.sequences(),
            metric="ndcg",
            settings=settings,
            progress=progress,
        )

    found = search(model)
    if not found.subgroups:
        return cannot_ask("subgroup", SUBGROUP_MARGIN, RecLensError("adversarial.no_subgroup"))
    worst, margin = found.subgroups[0], SUBGROUP_MARGIN * found.overall
    earlier = None if before is None else search(before).subgroups
    return AuditQuestion(
        key="subgroup",
        status="hold",
        margin=margin,
        figure=-worst.difference,
        low=-worst.high,
        high=-worst.low,
        before=-earlier[0].difference if earlier else None,
        p_harm=worst.p_corrected,
        p_safe=max(_p_of_deficit(-s.difference, s.high - s.low, margin) for s in found.subgroups),
        n=worst.n,
        subject=worst.label,
        conditions=worst.conditions,
    )


def ask_flips(
    model: AuditedModel,
    before: AuditedModel | None,
    split_dataset: SplitDataset,
    by: tuple[str, ...],
    settings: FlipSettings,
    progress: Progress,
) -> AuditQuestion:
    """Does another value change users' lists? Binomial tests of the share of users against the margin, both ways.

    Where the model does not read the column nothing changes, exactly and not by chance.
    """
    from scipy.stats import binomtest

    if len(by) > 1:
        return cannot_ask("flips", FLIPS_MARGIN, RecLensError("flips.crossed", columns=", ".join(by)))

    def flipped(audited: AuditedModel) -> AttributeFlips:
        reranker = audited.reranker
        return attribute_flips(
            audited.scorer, split_dataset, column=by[0], settings=settings, reranker=reranker, progress=progress
        )

    found = flipped(model)
    n_changed = round(found.lists.value * found.n_users)
    tests = {side: float(binomtest(n_changed, found.n_users, FLIPS_MARGIN, alternative=side).pvalue) for side in SIDES}
    return AuditQuestion(
        key="flips",
        status="hold",
        margin=FLIPS_MARGIN,
        figure=found.lists.value,
        low=found.lists.low,
        high=found.lists.high,
        before=None if before is None else flipped(before).lists.value,
        p_harm=tests["greater"] if found.is_read else 1.0,
        p_safe=tests["less"] if found.is_read else 0.0,
        n=found.n_users,
        reason=None if found.is_read else phrase("adversarial.not_read", column=found.column),
        flips=found,
    )


def _share_above(draws: np.ndarray, margin: float) -> float:
    """Share of draws at the margin or above it, never quite 0."""
    known = draws[~np.isnan(draws)]
    return float((1 + (known >= margin).sum()) / (1 + len(known)))


def cannot_ask(key: str, margin: float, problem: RecLensError) -> AuditQuestion:
    """A question that the data cannot answer: held, with the reason."""
    return AuditQuestion(key=key, status="hold", margin=margin, reason=phrase(problem.key, **problem.values))


def _p_of_deficit(deficit: float, width: float, margin: float) -> float:
    """Chance of a deficit this small if it were the margin, by the normal law; 1 where no spread is known."""
    from scipy.stats import norm

    if not width > 0:
        return 1.0
    return float(norm.cdf((deficit - margin) / (width / SPREAD)))
