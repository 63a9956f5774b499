"""Compare a variant with the dense model: what it costs, and what becomes of quality, lists, reasons and groups."""

from recsys_core.compare.deltas import NAMES, Figure, figures
from recsys_core.compare.grid import default_grid, measure_grid, stored_reports
from recsys_core.compare.levels import Level, auc_share, is_dead, levels
from recsys_core.compare.machine import machine_name
from recsys_core.compare.measure import STAGES, measure_variant
from recsys_core.compare.presets import RULES, Budget, Rule, choose_presets, has_ties, smallest_allowed
from recsys_core.compare.report_store import load_report, report_from_json, report_to_json, save_report

__all__ = [
    "NAMES",
    "RULES",
    "STAGES",
    "Budget",
    "Figure",
    "Level",
    "Rule",
    "auc_share",
    "choose_presets",
    "default_grid",
    "figures",
    "has_ties",
    "is_dead",
    "levels",
    "load_report",
    "machine_name",
    "measure_grid",
    "measure_variant",
    "report_from_json",
    "report_to_json",
    "save_report",
    "smallest_allowed",
    "stored_reports",
]
