"""The registry of fairness metrics: every file of this folder declares some, in ``METRICS``.

A metric is there as soon as its file is: audits, the page's lists, tables, files and the command line follow the
registry. Its order among the others is its ``place``; its words for the dashboard are ``measure.NAME`` and
``measure.what.NAME`` in ``texts/en/measures.py`` and ``texts/zh/measures.py``.
"""

from __future__ import annotations

import importlib
import pkgutil

from recsys_core.fairness.item_metric import ItemMetric
from recsys_core.fairness.metric import Direction, Metric


def _declared() -> tuple[Metric | ItemMetric, ...]:
    """Every metric of every file of this folder, by place."""
    modules = (importlib.import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__))
    found = sorted((m for module in modules for m in module.METRICS), key=lambda metric: metric.place)
    for taken in ({m.place for m in found}, {(type(m) is ItemMetric, m.name) for m in found}):
        if len(taken) < len(found):
            raise ValueError("two fairness metrics have the same name or place")
    return tuple(found)


_ALL = _declared()
METRICS: dict[str, Metric] = {metric.name: metric for metric in _ALL if isinstance(metric, Metric)}
"""Metrics of groups of users by name, in order."""
ITEM_METRICS: dict[str, ItemMetric] = {metric.name: metric for metric in _ALL if isinstance(metric, ItemMetric)}
"""Metrics of groups of items by name, in order."""


def find_metric(metric: str) -> Metric | ItemMetric:
    """The metric of a name as reports have it, ``ndcg@10`` or ``auc``.

    Raises ``KeyError`` for a name that is not registered.
    """
    name = metric.split("@")[0]
    return METRICS[name] if name in METRICS else ITEM_METRICS[name]


def direction(metric: str) -> Direction:
    """Which end of a metric is good: ``higher``, ``lower``, ``zero`` or ``neither``.

    >>> direction("popularity_lift@10"), direction("selection_rate")
    ('lower', 'neither')
    """
    return find_metric(metric).direction
