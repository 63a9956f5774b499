"""What runs RecLens in production: Prometheus' rules, Grafana's boards, units and image, as far as can be tried."""

from __future__ import annotations

import configparser
import json
import re
import shutil
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import pytest
import yaml
from deploy_files import (
    BOARDS,
    DEPLOY,
    ROOT,
    RULES,
    alerts,
    boards,
    families,
    filled,
    panels,
    queries,
    recorded,
    selected,
)

from recsys_core.__main__ import Parser
from recsys_core.commands import COMMANDS

UNITS = {"short", "percentunit", "s", "reqps"}
KINDS = {"timeseries", "stat", "heatmap", "state-timeline"}


def test_the_boards_are_what_the_script_writes(tmp_path):
    copy = Path(shutil.copytree(DEPLOY / "grafana", tmp_path / "grafana"))
    (copy / "boards" / "old.json").write_text("{}")
    for path in (copy / "boards").glob("s*.json"):
        path.unlink()
    subprocess.run([sys.executable, copy / "make_boards.py"], check=True, cwd=tmp_path)
    written = {path.name: path.read_text() for path in (copy / "boards").iterdir()}
    assert written == {path.name: path.read_text() for path in BOARDS}, "run deploy/grafana/make_boards.py"
    assert set(written) == {f"{name}.json" for name in ("service", "quality", "fairness", "drift", "learning")}


def test_every_board_is_one_that_grafana_takes_from_a_folder():
    found = boards()
    assert len({board["uid"] for board in found.values()}) == len({b["title"] for b in found.values()}) == len(found)
    source = yaml.safe_load((DEPLOY / "grafana/provisioning/datasources/reclens.yml").read_text())["datasources"][0]
    for name, board in found.items():
        text = json.dumps(board)
        assert board["title"]
        assert 0 < len(board["uid"]) <= 40
        assert board["schemaVersion"] >= 36
        assert "__inputs" not in board, f"{name} is in the form of an import: without data when it is provisioned"
        assert "${" not in text, f"{name} names a source that only an import fills in"
        assert set(re.findall(r'"uid": "([^"]+)"', text)) == {board["uid"], source["uid"]}
        ids = [panel["id"] for panel in board["panels"]]
        assert len(set(ids)) == len(ids)
        assert {v["name"] for v in board["templating"]["list"]} == set(re.findall(r"\$(instance|group)", text))


def test_every_panel_says_what_it_shows_in_words_units_and_queries():
    titles = [where for where, _ in panels()]
    assert len(set(titles)) == len(titles) > 25
    for where, panel in panels():
        assert panel["type"] in KINDS, where
        assert len(panel["description"]) > 30, f"{where} has no words for who cannot see it"
        assert panel["fieldConfig"]["defaults"]["unit"] in UNITS, where
        assert panel["datasource"]["uid"] == "reclens-prometheus", where
        assert [t["refId"] for t in panel["targets"]] == list("ABCDEFGH")[: len(panel["targets"])], where
        for target in panel["targets"]:
            assert target["expr"], where
            assert target["legendFormat"], where


def test_panels_lie_on_the_grid_and_on_no_other():
    for name, board in boards().items():
        places = [(panel["title"], panel["gridPos"]) for panel in board["panels"]]
        for title, place in places:
            assert 0 <= place["x"] < place["x"] + place["w"] <= 24, f"{name}: {title}"
        for (one, a), (other, b) in combinations(places, 2):
            apart = a["x"] + a["w"] <= b["x"] or b["x"] + b["w"] <= a["x"]
            assert apart or a["y"] + a["h"] <= b["y"] or b["y"] + b["h"] <= a["y"], f"{name}: {one} on {other}"


def test_every_metric_of_a_query_is_exposed_with_the_labels_that_are_asked_for():
    known = {**families(), **{name: set() for name in recorded()}, "up": {"job"}}
    outside = {"job", "instance"}
    for where, expr in queries().items():
        for selector in selected(expr):
            assert selector.name in known, f"{where} asks for {selector.name}, which nobody exposes"
            if selector.name not in recorded():
                asked = {matcher.name for matcher in selector.matchers.matchers} - outside
                assert asked <= known[selector.name], f"{where}: {selector.name} has no label {asked}"
    for where, panel in panels():
        for target in panel["targets"]:
            told = set(re.findall(r"{{(\w+)}}", target["legendFormat"])) - outside
            of = {label for s in selected(filled(target["expr"])) for label in known[s.name] | grouped(s.name)}
            assert told <= of, f"{where}: its legend names {told - of}"


def grouped(name: str) -> set[str]:
    """Labels that a recorded series keeps: ``instance_route:…`` has instance and route."""
    labels = {"instance", "route", "side_group"}
    return {label for label in labels if f"_{label}" in f"_{name.partition(':')[0].replace('group', 'side_group')}"}


def test_every_metric_of_the_service_stands_on_a_board():
    rules = recorded()
    shown: set[str] = set()
    for _, panel in panels():
        for target in panel["targets"]:
            for selector in selected(filled(target["expr"])):
                shown |= {s.name for s in selected(rules[selector.name])} if selector.name in rules else {selector.name}
    whole = {name for name in families() if not name.endswith(("_sum", "_count"))}  # of a histogram: its buckets
    assert whole - shown == set()
    assert set(rules) <= {s.name for expr in queries().values() for s in selected(expr)}, "recorded, and read by nobody"


def test_windows_hold_at_least_four_scrapes():
    config = yaml.safe_load((RULES / "prometheus.yml").read_text())
    scrape = seconds(config["global"]["scrape_interval"])
    source = yaml.safe_load((DEPLOY / "grafana/provisioning/datasources/reclens.yml").read_text())["datasources"][0]
    assert seconds(source["jsonData"]["timeInterval"]) == scrape
    for where, expr in [*recorded().items(), *((rule["alert"], rule["expr"]) for rule in alerts())]:
        for window in re.findall(r"\[(\w+)\]", expr):
            assert seconds(window) >= 4 * scrape, f"{where}: a window of {window} yields nothing without a word"
    for where, panel in panels():
        for target in panel["targets"]:
            assert set(re.findall(r"\[([^\]]+)\]", target["expr"])) <= {"$__rate_interval"}, where


def seconds(text: str) -> int:
    return int(text[:-1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[text[-1]]


def test_every_alert_says_what_happened_and_what_to_do_and_has_a_case_where_it_fires_and_one_where_not():
    cases: dict[str, set[bool]] = {}
    for path in RULES.glob("*_test.yml"):
        for test in yaml.safe_load(path.read_text())["tests"]:
            for case in test["alert_rule_test"]:
                cases.setdefault(case["alertname"], set()).add(bool(case["exp_alerts"]))
    for rule in alerts():
        assert cases.pop(rule["alert"], None) == {True, False}, f"{rule['alert']} needs a case of each kind"
        assert set(rule["annotations"]) == {"summary", "action"}
        assert rule["labels"]["severity"] in {"page", "warn"}
    assert not cases, "cases of alerts that are gone"


def promtool(*words: object) -> str:
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not installed (apt-get install prometheus)")
    done = subprocess.run(["promtool", *map(str, words)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_promtool_takes_the_configuration_and_the_alerts_do_as_their_cases_say(tmp_path):
    copy = Path(shutil.copytree(RULES, tmp_path / "prometheus"))
    (copy / "key").write_text("secret")
    promtool("check", "config", copy / "prometheus.yml", copy / "prometheus-with-key.yml")
    assert promtool("test", "rules", *sorted(copy.glob("*_test.yml"))).count("SUCCESS") == 2


def test_the_configuration_with_a_key_differs_in_the_key_alone_and_holds_none():
    plain, keyed = (
        yaml.safe_load((RULES / name).read_text()) for name in ("prometheus.yml", "prometheus-with-key.yml")
    )
    assert keyed["scrape_configs"][0].pop("authorization") == {"credentials_file": "key"}
    assert keyed == plain


def test_systemd_takes_the_units_and_they_may_do_little(tmp_path):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    for path in (DEPLOY / "systemd").iterdir():
        here = tmp_path / path.name
        here.write_text(path.read_text().replace("/opt/reclens/.venv/bin/python", sys.executable))
    for path in (DEPLOY / "systemd").iterdir():
        here = tmp_path / path.name
        verified = subprocess.run(["systemd-analyze", "verify", here], capture_output=True, text=True)
        assert (verified.returncode, verified.stderr) == (0, ""), verified.stderr
        if path.suffix != ".service":
            continue
        told = subprocess.run(
            ["systemd-analyze", "security", "--offline=true", "--threshold=20", here], capture_output=True, text=True
        )
        assert told.returncode == 0, told.stdout[-400:]  # exposure of at most 2.0 of 10


def test_the_units_run_commands_that_exist_and_keep_their_state_in_one_place():
    for path in (DEPLOY / "systemd").glob("*.service"):
        unit = configparser.RawConfigParser(strict=False)
        unit.optionxform = str
        unit.read_string(path.read_text())
        service = unit["Service"]
        assert service["StateDirectory"] == "reclens"
        assert service["ProtectSystem"] == "strict"
        assert service["Restart"] == "on-failure"
        assert int(service["TimeoutStopSec"]) >= 20
        program, _, package, *words = service["ExecStart"].split()
        assert (program.endswith("/bin/python"), package) == (True, "recsys_core")
        taken(words)


def taken(words: list[str]) -> None:
    """Nothing of these words is unknown to the command line."""
    command = next((c for c in COMMANDS if c.name == words[0]), None)
    assert command, f"no command {words[0]}"
    parser = Parser()
    command.add_arguments(parser)
    assert str(parser.parse_args(words[1:]).workspace) == "/var/lib/reclens/workspace"


def instructions() -> list[tuple[str, str]]:
    text = re.sub(r"^#.*\n", "", (DEPLOY / "Dockerfile").read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    return [(line.split()[0], line.split(maxsplit=1)[1]) for line in text.splitlines() if line.strip()]


def test_the_image_is_pinned_unprivileged_watched_and_empty_of_data(tmp_path):
    found = instructions()
    of: dict[str, list[str]] = {}
    for name, value in found:
        of.setdefault(name, []).append(value)
    assert of["FROM"] == ["python:3.11-slim"]
    assert of["USER"] == ["reclens:reclens"]
    assert [name for name, _ in found].index("USER") > max(i for i, (name, _) in enumerate(found) if name == "RUN")
    assert "http://127.0.0.1:8600/readyz" in of["HEALTHCHECK"][0]
    assert of["COPY"] == ["requirements.txt ./", "recsys_core ./recsys_core"]
    assert "ADD" not in of
    assert all("==" in line for line in (ROOT / "requirements.txt").read_text().splitlines() if line and line[0] != "#")
    sent = [line for line in (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines() if line[:1] != "#"]
    assert sent == ["*", "!requirements.txt", "!recsys_core", "**/__pycache__"]
    assert json.loads(of["ENTRYPOINT"][0]) == ["python", "-m", "recsys_core"]
    taken(json.loads(of["CMD"][0]))
