"""The files of ``deploy/`` as the tests read them: boards, rules, alerts, and the names that the service exposes."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from recsys_core.results.serving import ServedVersion
from recsys_core.serving.metrics import ServiceMetrics

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
RULES = DEPLOY / "prometheus"
BOARDS = sorted((DEPLOY / "grafana" / "boards").glob("*.json"))


def boards() -> dict[str, dict]:
    return {path.name: json.loads(path.read_text()) for path in BOARDS}


def panels() -> list[tuple[str, dict]]:
    return [(f"{name}: {panel['title']}", panel) for name, board in boards().items() for panel in board["panels"]]


def alerts() -> list[dict]:
    groups = yaml.safe_load((RULES / "alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def recorded() -> dict[str, str]:
    groups = yaml.safe_load((RULES / "recording.yml").read_text())["groups"]
    return {rule["record"]: rule["expr"] for group in groups for rule in group["rules"]}


def queries() -> dict[str, str]:
    """Every expression of boards, recording rules and alerts, by where it stands; Grafana's variables are filled in."""
    asked = {f"{where} {t['refId']}": t["expr"] for where, panel in panels() for t in panel["targets"]}
    asked |= {f"{name}: annotation": a["expr"] for name, b in boards().items() for a in b["annotations"]["list"]}
    asked |= recorded()
    asked |= {rule["alert"]: rule["expr"] for rule in alerts()}
    return {where: filled(expr) for where, expr in asked.items()}


def filled(expr: str, window: str = "10s") -> str:
    """The query as Grafana sends it: a panel that is repeated by group is asked for one group, escaped as a pattern."""
    values = {"$__rate_interval": window, "$__range": "1h", "$instance": ".+", "$group": r"\\(all\\)"}
    for variable, value in values.items():
        expr = expr.replace(variable, value)
    assert "$" not in expr, f"a variable that nobody fills in: {expr}"
    return expr


def selected(expr: str) -> list:
    """Every selector of a query; raises ValueError for what is no PromQL."""
    import promql_parser

    found = []

    def note(part: object) -> None:
        if isinstance(part, promql_parser.VectorSelector):
            found.append(part)
        if isinstance(part, promql_parser.MatrixSelector):
            found.append(part.vector_selector)

    promql_parser.walk(promql_parser.parse(expr), note)
    return found


def families() -> dict[str, set[str]]:
    """Names of the series that the service exposes, each with its labels: buckets, sums and counts belong together."""
    metrics = ServiceMetrics(groups=("a",))
    metrics.request("/recommend", 200, 0.01)
    metrics.version(ServedVersion(version=1, model="m", fingerprint="f", since=""), "dense")
    found: dict[str, set[str]] = {}
    for family in metrics.registry.collect():
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found
