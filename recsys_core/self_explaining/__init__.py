"""Self-explaining: models that are their own explanation beside the ranker, and what that costs in quality.

Logistic regression and an EBM (`interpret`) over the ranker's feature groups, EASE, and an additive surrogate distilled
from the ranker; `cost_of_explaining` measures all on the same users and pairs, `stored_cost` keeps what it found.
"""

from recsys_core.self_explaining.cost import CostSettings, cost_of_explaining
from recsys_core.self_explaining.stored_cost import load_cost, save_cost

__all__ = ["CostSettings", "cost_of_explaining", "load_cost", "save_cost"]
