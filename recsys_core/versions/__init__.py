"""Versions: which model is served, which were before it, and what became of every candidate."""

from recsys_core.versions.decisions import DecisionLog
from recsys_core.versions.versions import Versions

__all__ = ["DecisionLog", "Versions"]
