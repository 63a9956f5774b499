"""Stability: whether values still fall into the tenths of a reference, and from which index on that is no chance."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from recsys_core.seeds import random_stream

N_BINS = 10
LEAST_VALUES = 20
WINDOW = 500  # lists that the index is of
REQUESTS = 20_000  # a false alarm in so many is the most that may be
CHANCE = 0.05  # that a stream of so many requests without any drift reaches the threshold
N_STREAMS, STEP = 200, 25
SIZES = (20, 30, 40, 50, 75, 100, 150, 200, 250, 300, 400, 500)


def decile_edges(values: np.ndarray) -> np.ndarray:
    """The inner ends of the tenths of a reference, each once: fewer than nine where values are equal."""
    return np.unique(np.quantile(values, np.arange(1, N_BINS) / N_BINS))


def bin_shares(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Share of values in each bin ``(len(edges) + 1,)``; one that equals an end lies above it.

    >>> bin_shares(np.array([0.0, 1.0, 5.0]), np.array([1.0, 2.0])).round(2).tolist()
    [0.33, 0.33, 0.33]
    """
    counts = np.bincount(np.searchsorted(edges, values, side="right"), minlength=len(edges) + 1)
    return counts / max(1, len(values))


def stability_index(now: np.ndarray, reference: np.ndarray, n: int) -> np.ndarray:
    r"""Population stability index of shares along the last axis, 0 where they are those of the reference.

    .. math:: \sum_b (a_b - e_b) \ln (a_b / e_b)

    Half a value of ``n`` is added to each bin on both sides, so that an empty one is no infinity.

    >>> round(float(stability_index(np.array([0.4, 0.6]), np.array([0.5, 0.5]), 1000)), 4)
    0.0405
    """
    n_bins = now.shape[-1]
    a, e = ((shares * n + 0.5) / (n + 0.5 * n_bins) for shares in (now, reference))
    return ((a - e) * np.log(a / e)).sum(axis=-1)


def threshold(n: int, reference: np.ndarray, n_reference: int, *, seed: int = 0) -> float | None:
    """The index that values of the reference itself exceed in fewer than one of 20 streams of 20,000 requests.

    Calibrated by drawing such streams, looked at every 25 requests in windows of ``n``, from shares that differ from
    the reference's as another ``n_reference`` people would; so it depends on the window's size, as the usual 0.2
    does not. None for fewer than 20 values. Between two of ``SIZES`` it is read off straight over 1 / n; beyond the
    last it is the last's.
    """
    if n < LEAST_VALUES or not n_reference:
        return None
    shares = tuple(np.round(reference, 6).tolist())
    below = max(size for size in SIZES if size <= n)
    above = min((size for size in SIZES if size >= n), default=below)
    first, second = (_threshold(size, shares, n_reference, seed) for size in (below, above))
    part = 0.0 if below == above else (1 / below - 1 / n) / (1 / below - 1 / above)
    return first + part * (second - first)


@lru_cache(maxsize=64)
def _threshold(n: int, reference: tuple[float, ...], n_reference: int, seed: int) -> float:
    random = random_stream(seed, "streams without drift")
    expected = np.array(reference)
    step = min(STEP, n)
    width = n // step
    true = random.dirichlet(expected * n_reference + 0.5, N_STREAMS)
    drawn = random.multinomial(step, true[:, None], (N_STREAMS, REQUESTS // step))
    counts = np.cumsum(drawn, axis=1)
    shares = (counts[:, width:] - counts[:, :-width]) / (width * step)
    worst = stability_index(shares, expected, width * step).max(axis=1)
    return float(np.quantile(worst, 1 - CHANCE))
