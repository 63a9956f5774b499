"""The grid: the levels that the sliders can reach, measured ahead so that they answer at once."""

from __future__ import annotations

import time
from dataclasses import replace
from statistics import median

from recsys_core.compare.machine import machine_name
from recsys_core.compare.measure import measure_variant
from recsys_core.compare.reference import DenseReference
from recsys_core.compare.report_store import load_report, read_reports
from recsys_core.compress.latency import LatencySettings
from recsys_core.errors import phrase
from recsys_core.models.item_item import ItemItemTerm
from recsys_core.models.trained_model import TrainedModel
from recsys_core.progress import Progress, silent
from recsys_core.results import CompressionReport
from recsys_core.variant import BITS, ModelVariant

TENTHS = tuple(round(0.1 * i, 1) for i in range(10))
FEWER = 2  # of the levels of an item-item term
BESIDE_FEW = ((0.0, 32), (0.0, 8), (0.5, 8))  # sparsity and bits of the network
MOST_SECONDS = 90.0
QUICK_LATENCY = LatencySettings(seconds=0.2)


def default_grid(term: ItemItemTerm | None = None) -> tuple[ModelVariant, ...]:
    """Structured sparsity 0 to 90 % at every width of bits, and unstructured at 32 bits: 49 levels, most telling first.

    Of a model with an item-item ``term`` also a half and a quarter of its neighbours, beside the full network, the
    network in 8 bits, and half the network in 8 bits: at most 6 more. The order is that of measuring: the dense model,
    then the curves that a page opens with, so that a machine too slow for all of them has the most useful ones.

    >>> grid = default_grid()
    >>> len(grid), grid[0].is_dense, grid[1].key, grid[-1].key
    (49, True, 'sparsity-10', 'sparsity-90_bits-16')
    """
    curves = [[ModelVariant.compressed(s, bits) for s in TENTHS] for bits in BITS]
    zeros = [ModelVariant.compressed(s, pruning="unstructured") for s in TENTHS[1:]]
    by_bits = dict(zip(BITS, curves, strict=True))
    few = () if term is None else term.levels[:FEWER]
    cut = [ModelVariant.compressed(s, bits, neighbours=n) for s, bits in BESIDE_FEW for n in few]
    return (*by_bits[32], *by_bits[8], *by_bits[4], *zeros, *by_bits[16], *cut)


def measure_grid(
    model: TrainedModel,
    *,
    reference: DenseReference | None = None,
    progress: Progress = silent,
    seconds: float = MOST_SECONDS,
) -> list[CompressionReport]:
    """Measure the default levels that are not measured yet, for at most about ``seconds``.

    A sparsity is distilled once and that student quantised for every width of bits. Returns the
    reports that are there in the end, in the order of ``default_grid``; what time did not
    allow is measured when somebody asks for it.
    """
    reference = reference or DenseReference(model)
    levels = [replace(v, model=model.variant.model) for v in default_grid(model.term)]
    known = {v: load_report(model, v, machine=machine_name()) for v in levels}
    missing = [v for v in levels if known[v] is None]
    end = time.monotonic() + seconds
    if missing:
        progress(phrase("stage.levels"), 0.0)
    spent: list[float] = []
    for at, variant in enumerate(missing):
        began = time.monotonic()
        if began + median(spent or [0.0]) > end:  # the first levels take longer: what all share is made for them
            break
        inside = _level_progress(progress, at, len(missing))
        known[variant] = measure_variant(model, variant, reference=reference, progress=inside, latency=QUICK_LATENCY)
        spent.append(time.monotonic() - began)
    return [report for report in known.values() if report is not None]


def stored_reports(model: TrainedModel) -> list[CompressionReport]:
    """Every report of this model that lies in its folder, whoever measured it: the grid first, in its order.

    Students of another width (``distill``) and levels between the slider's stops are among them.
    """
    order = {variant.settings_key: at for at, variant in enumerate(default_grid(model.term))}
    found = read_reports(model)
    return sorted(found, key=lambda r: (order.get(r.variant.settings_key, len(order)), r.variant.key))


def _level_progress(progress: Progress, at: int, n: int) -> Progress:
    return lambda stage, share: progress(phrase("stage.level", at=at + 1, n=n, stage=stage), (at + share) / n)
