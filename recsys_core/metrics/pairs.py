"""Measures of scored pairs: does the model tell what was taken from what was not, and how surely?"""

from __future__ import annotations

import math

import numpy as np

from recsys_core.metrics.agreement import shared_positions


def probability(logit: float) -> float:
    """Logistic of one logit as a plain number, without overflow; `logistic` is that of an array.

    >>> probability(0.0)
    0.5
    """
    return 1 / (1 + math.exp(-logit)) if logit >= 0 else math.exp(logit) / (1 + math.exp(logit))


def logistic(logit: np.ndarray) -> np.ndarray:
    """Probability of each logit, without overflow.

    >>> logistic(np.array([-1000.0, 0.0])).tolist()
    [0.0, 0.5]
    """
    small = np.exp(-np.abs(np.asarray(logit, dtype=float)))  # in (0, 1] whatever the sign
    return np.where(np.asarray(logit) >= 0, 1.0, small) / (1 + small)


def roc_auc(label: np.ndarray, score: np.ndarray) -> float:
    r"""Chance that a taken pair scores above one that was not; equal scores count half.

    .. math:: \frac{\sum_{i: y_i = 1} r_i - P(P + 1)/2}{P N}

    with mean ranks :math:`r_i` (the Mann-Whitney statistic; Hanley & McNeil 1982). Equals
    ``sklearn.metrics.roc_auc_score``. NaN where one of the two outcomes is missing;
    ``ValueError`` where a score is NaN.

    >>> roc_auc(np.array([1, 0, 1, 0]), np.array([0.9, 0.8, 0.7, 0.7]))
    0.625
    """
    return float(grouped_auc(label, score, np.zeros(len(label), dtype=int), n_groups=1)[0])


def grouped_auc(label: np.ndarray, score: np.ndarray, group: np.ndarray, *, n_groups: int) -> np.ndarray:
    """`roc_auc` of each group's own pairs, ``(n_groups,)``; pairs of different groups never meet.

    ``group`` holds codes from 0 to ``n_groups - 1``. NaN for a group without both outcomes.

    >>> grouped_auc([1, 0, 1, 0], [0.9, 0.8, 0.1, 0.7], [0, 0, 1, 1], n_groups=2).tolist()
    [1.0, 0.0]
    """
    label, score, group = np.asarray(label) > 0, np.asarray(score), np.asarray(group)
    if np.isnan(score).any():
        raise ValueError("score holds NaN: it has no place in an order")
    size = np.bincount(group, minlength=n_groups)
    order = np.lexsort((score, group)) if n_groups > 1 else np.argsort(score)  # equal scores share a place anyway
    is_new = np.ones(len(order), dtype=bool)
    is_new[1:] = (score[order[1:]] != score[order[:-1]]) | (group[order[1:]] != group[order[:-1]])
    # groups lie end to end: each one's ranks count from its own start
    ranks = np.empty(len(order))
    ranks[order] = shared_positions(is_new) + 1 if len(order) else 0
    ranks -= (np.cumsum(size) - size)[group]
    positive = np.bincount(group, weights=label, minlength=n_groups)
    above = np.bincount(group, weights=ranks * label, minlength=n_groups) - positive * (positive + 1) / 2
    pairs = positive * (size - positive)
    return np.divide(above, pairs, out=np.full(n_groups, np.nan), where=pairs > 0)


def log_loss(label: np.ndarray, logit: np.ndarray) -> float:
    r"""Mean negative log-likelihood of 0/1 labels, in nats, straight from logits.

    .. math:: \frac1n \sum_i \log(1 + e^{z_i}) - y_i z_i

    No clipping: scikit-learn cuts probabilities at machine precision, so the two part beyond
    logits of about 36. NaN where there are no pairs.

    >>> round(log_loss(np.array([1, 0]), np.array([0.0, 0.0])), 6)
    0.693147
    """
    label, logit = np.asarray(label, dtype=float), np.asarray(logit, dtype=float)
    return float(np.mean(np.logaddexp(0, logit) - label * logit)) if len(label) else float("nan")


def rmse(target: np.ndarray, predicted: np.ndarray) -> float:
    """Root of the mean squared error, in the target's unit; NaN where there are no pairs.

    >>> rmse(np.array([4.0, 2.0]), np.array([3.0, 3.0]))
    1.0
    """
    error = np.asarray(target, dtype=float) - np.asarray(predicted, dtype=float)
    return float(np.sqrt(np.mean(error**2))) if len(error) else float("nan")


def calibration_gap(label: np.ndarray, probability: np.ndarray) -> float:
    """Mean predicted probability minus the share that was really taken; 0 is calibrated in the large.

    Positive: the model promises too much. NaN where there are no pairs.

    >>> calibration_gap(np.array([1, 0]), np.array([0.75, 0.5]))
    0.125
    """
    return float(np.mean(np.asarray(probability, dtype=float) - label)) if len(label) else float("nan")


def reliability(
    label: np.ndarray, probability: np.ndarray, *, n_bins: int = 10
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean predicted, share taken and count in ``n_bins`` equal-width bins of probability.

    Three arrays ``(n_bins,)``; NaN in the first two for an empty bin. Bins are closed on the
    left, the last one on both sides. The curve equals ``sklearn.calibration.calibration_curve``
    with its empty bins put back, except for a probability that lies exactly on an edge.

    >>> [x.tolist() for x in reliability(np.array([0, 1, 1]), np.array([0.25, 0.5, 1.0]), n_bins=2)]
    [[0.25, 0.75], [0.0, 1.0], [1, 2]]
    """
    label, probability = np.asarray(label, dtype=float), np.asarray(probability, dtype=float)
    slot = np.minimum((probability * n_bins).astype(int), n_bins - 1)
    count = np.bincount(slot, minlength=n_bins)
    mean = [
        np.divide(np.bincount(slot, weights=x, minlength=n_bins), count, out=np.full(n_bins, np.nan), where=count > 0)
        for x in (probability, label)
    ]
    return mean[0], mean[1], count


def expected_calibration_error(label: np.ndarray, probability: np.ndarray, *, n_bins: int = 10) -> float:
    r"""How far predicted probabilities lie from observed shares, averaged over bins by size.

    .. math:: \mathrm{ECE} = \sum_b \frac{n_b}{n} \, |\bar p_b - \bar y_b|

    (Naeini et al. 2015; Guo et al. 2017), equal-width bins as in `reliability`. It grows with
    the number of bins on few pairs, so compare it only at equal sizes. NaN without pairs.

    >>> expected_calibration_error(np.array([0, 1]), np.array([0.25, 0.75]))
    0.25
    """
    predicted, observed, count = reliability(label, probability, n_bins=n_bins)
    filled = count > 0
    if not filled.any():
        return float("nan")
    return float(np.sum(np.abs(predicted - observed)[filled] * count[filled]) / count.sum())


def roc_auc_interval(auc: float, n_positive: int, n_negative: int) -> tuple[float, float]:
    """95 % interval of an AUC from its value and the class sizes (Hanley & McNeil 1982, eq. 1).

    >>> [round(v, 3) for v in roc_auc_interval(0.9, 50, 50)]
    [0.837, 0.963]
    """
    if not n_positive or not n_negative or np.isnan(auc):
        return (float("nan"), float("nan"))
    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    variance = auc * (1 - auc) + (n_positive - 1) * (q1 - auc**2) + (n_negative - 1) * (q2 - auc**2)
    half = 1.96 * float(np.sqrt(max(variance, 0.0) / (n_positive * n_negative)))
    return (max(0.0, auc - half), min(1.0, auc + half))
