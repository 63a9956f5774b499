"""Mending: what serves a group better, in training or afterwards, and at what price."""

from recsys_core.mend.duration import expected_seconds
from recsys_core.mend.mend import Mended, mend, read_mendings
from recsys_core.mend.report import MendedVariant, mending_report
from recsys_core.mend.tried import Tried, TriedStore

__all__ = [
    "Mended",
    "MendedVariant",
    "Tried",
    "TriedStore",
    "expected_seconds",
    "mend",
    "mending_report",
    "read_mendings",
]
