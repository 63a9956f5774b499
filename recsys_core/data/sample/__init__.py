"""Sample data with a planted truth: people, items and logged impressions whose cause is written down.

>>> sorted(DOMAINS)
['news', 'shop']
"""

from __future__ import annotations

from pathlib import Path

from recsys_core.data.sample.domain import Domain
from recsys_core.data.sample.generate import draw_sample
from recsys_core.data.sample.news import NEWS
from recsys_core.data.sample.shapley import explain_planted, planted_importance, planted_shapley
from recsys_core.data.sample.shop import SHOP
from recsys_core.data.sample.truth import PlantedLogit, PlantedPairs, PlantedTruth
from recsys_core.data.sample.write import write_sample
from recsys_core.errors import SettingError

DOMAINS: dict[str, Domain] = {d.name: d for d in (SHOP, NEWS)}

__all__ = [
    "DOMAINS",
    "PlantedLogit",
    "PlantedPairs",
    "PlantedTruth",
    "explain_planted",
    "make_sample",
    "planted_importance",
    "planted_shapley",
]


def make_sample(domain: str, seed: int, out: Path) -> dict:
    """Write a domain's sample data into the folder ``out``; the same seed writes the same bytes.

    Returns
    -------
    dict
        ``n_users n_items n_interactions best_auc best_ndcg@10``.

    Raises
    ------
    SettingError
        For an unknown domain, a negative seed, or an ``out`` that holds something else.
    """
    if domain not in DOMAINS:
        raise SettingError("setting.choice", name="domain", choices=", ".join(DOMAINS), value=domain)
    if seed < 0:
        raise SettingError("setting.least", name="seed", least=0, value=seed)
    about = write_sample(DOMAINS[domain], seed, draw_sample(DOMAINS[domain], seed), Path(out))
    counts = {k: about["counts"][k] for k in ("n_users", "n_items", "n_interactions")}
    return counts | {k: about[k] for k in ("best_auc", "best_ndcg@10")}
