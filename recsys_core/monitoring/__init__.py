"""Monitoring: the quality and fairness of what was served, and whether the scores have moved away."""

from recsys_core.monitoring.monitor import Monitor, monitor, reference_scores
from recsys_core.monitoring.reference import Reference, make_reference, save_reference

__all__ = ["Monitor", "Reference", "make_reference", "monitor", "reference_scores", "save_reference"]
