"""Compare a variant with the dense model: what it costs, and what becomes of quality, lists, reasons and groups."""

from recsys_core.compare.deltas import NAMES, Delta, deltas
from recsys_core.compare.grid import default_grid, measure_grid, stored_reports
from recsys_core.compare.machine import machine_name
from recsys_core.compare.measure import STAGES, measure_variant
from recsys_core.compare.measured_variants import MeasuredVariant, auc_share, is_dead, measured_variants
from recsys_core.compare.model_comparison import compare_models
from recsys_core.compare.presets import RULES, Budget, Rule, choose_presets, has_ties, is_on_sliders, smallest_allowed
from recsys_core.compare.reference import DenseReference
from recsys_core.compare.report_store import load_report, report_from_json, report_to_json, save_report

__all__ = [
    "NAMES",
    "RULES",
    "STAGES",
    "Budget",
    "Delta",
    "DenseReference",
    "MeasuredVariant",
    "Rule",
    "auc_share",
    "choose_presets",
    "compare_models",
    "default_grid",
    "deltas",
    "has_ties",
    "is_dead",
    "is_on_sliders",
    "load_report",
    "machine_name",
    "measure_grid",
    "measure_variant",
    "measured_variants",
    "report_from_json",
    "report_to_json",
    "save_report",
    "smallest_allowed",
    "stored_reports",
]
