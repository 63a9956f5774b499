"""The report: the core's figures in one file that needs nothing else, in both languages, whatever the data hold."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from dashboard.__main__ import main
from dashboard.presentation.report.dots import Dot, dots
from dashboard.presentation.report.inline import as_text, to_html
from dashboard.presentation.texts import t
from dashboard.report import ReportRequest, make_report
from dashboard.workspaces import workspace_ref
from recsys_core.__main__ import main as core_main
from recsys_core.variant import DENSE, ModelVariant

OUTSIDE = re.compile(r"""(?:src|href)\s*=\s*["']?[^"'#\s>]|url\(|@import|<script|<link|<iframe""", re.I)
HOSTILE = "<script>alert(1)</script> **x** :red[y] `z` \\"


class Outline(HTMLParser):
    """Opened and closed elements, and the text of table cells."""

    VOID = ("meta", "br", "line", "circle")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.cells: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        if tag not in self.VOID:
            self.open.append(tag)
        if tag == "td":
            self.cells.append("")

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] == "td":
            self.cells[-1] += data


def written(monkeypatch, out: Path, *args: str) -> tuple[str, dict]:
    monkeypatch.setattr("sys.argv", ["dashboard", "report", *map(str, args), "--out", str(out)])
    assert main() == 0
    return out.read_text(encoding="utf-8"), json.loads(out.with_suffix(".json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def core(grouped_workspace):
    """What the core's own command says."""

    def run(capsys, *args: str) -> dict:
        assert core_main(["fairness", "--workspace", str(grouped_workspace), *args, "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    return run


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_report_holds_the_cores_figures(lang, grouped_workspace, tmp_path, monkeypatch, capsys, core):
    where = ("--workspace", str(grouped_workspace))
    page, found = written(
        monkeypatch, tmp_path / "r.html", *where, "--by", "gender,region,item.category", "--lang", lang
    )
    capsys.readouterr()
    alone = core(capsys, "--by", "gender")
    shown = Outline(page)
    assert shown.open == []
    assert not OUTSIDE.search(page)
    assert len(page.encode()) < 2_000_000
    assert f'<html lang="{lang}">' in page
    for row in alone["groups"]:
        if row["ndcg@10"] is not None:
            ends = [f"{row[f'ndcg@10{end}']:.3f}" for end in ("", "_low", "_high")]
            assert any(all(end in cell for end in ends) for cell in shown.cells), row["group"]
    assert f"{alone['overall']['ndcg@10']:.3f}" in page
    shown_rows = found["columns"]["user.gender"]["groups"]
    assert shown_rows == [
        {k: core_row[k] for k in row} for core_row, row in zip(alone["groups"], shown_rows, strict=True)
    ]
    assert set(found["columns"]) == {"user.gender", "user.region", "item.category", "user.gender+user.region"}
    assert found["limits"]["n_tested"] >= len(found["columns"]["user.gender"]["gaps"])
    assert {m["name"] for m in found["measures"]} <= set(alone["overall"])
    assert "ndcg@10" in {m["name"] for m in found["measures"]}
    assert all(m["formula"] and m["source"] for m in found["measures"])
    assert found["data"]["n_users"] > 0
    assert found["about"]["language"] == lang


def test_a_variant_stands_beside_the_full_model(grouped_workspace):
    ref = workspace_ref(grouped_workspace)
    made = make_report(ReportRequest(ref, ModelVariant.compressed(0.5), ("user.gender",)))
    assert "sparsity-50" in made.json
    assert "50" in made.html
    plain = make_report(ReportRequest(ref, DENSE, ("user.gender",)))
    assert plain.html != made.html
    again = make_report(ReportRequest(ref, DENSE, ("user.gender",)))
    times = re.compile(r'"(?:seconds|written)": [^,\n]+')
    assert times.sub("", plain.json) == times.sub("", again.json)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--by", "no-column", "--out", "r.html"), "no-column"),
        (("--by", "gender", "--out", "r.txt"), "r.txt"),
        (("--by", "gender", "--out", "r.html", "--lang", "fr"), "fr"),
        (("--by", "gender", "--out", "r.html", "--sparsity", "7"), "7"),
    ],
)
def test_bad_input_leaves_no_file(args, said, tiny_workspace, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["dashboard", "report", "--workspace", str(tiny_workspace), *args])
    assert main() == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert said in lines[-1]
    assert "Traceback" not in "".join(lines)
    assert list(tmp_path.iterdir()) == []


def test_texts_of_data_stay_text():
    said = t("report.title", workspace=HOSTILE)
    assert as_text(said).endswith(HOSTILE)
    assert "<script" not in to_html(said)
    assert "<b>" not in to_html(said)
    picture = dots([Dot(HOSTILE, 0.5, 0.4, 0.6), Dot("none", None, instead="<b>")], everyone=0.5, title=HOSTILE)
    assert "<script" not in picture
    assert "<b>" not in picture


def test_dots_lie_between_their_ticks():
    for values in ([0.2, 0.21], [0.0], [-3.0, 5.0], [1e-5, 2e-5], []):
        rows = [Dot(str(v), v, v, v) for v in values]
        picture = dots(rows, everyone=None, title="x")
        ticks = [float(x) for x in re.findall(r'class="grid" x1="([\d.]+)"', picture)]
        places = [float(x) for x in re.findall(r'cx="([\d.]+)"', picture)]
        assert len(places) == len(values)
        assert all(min(ticks) - 0.1 <= x <= max(ticks) + 0.1 for x in places)


def test_the_page_offers_the_same_file(open_app, grouped_workspace, tmp_path, monkeypatch):
    folder = tmp_path / "all"
    folder.mkdir()
    (folder / "shop").symlink_to(grouped_workspace, target_is_directory=True)
    from dashboard.cached import report as cached

    asked = ReportRequest(workspace_ref(folder / "shop"), DENSE, ("user.gender",))
    made = cached.report(asked).outcome()
    app = open_app("fairness", folder=folder, workspace="shop", by="user.gender", report="true").run()
    assert not app.exception
    kinds = [b.proto.label for b in app.get("download_button")]
    assert any("HTML" in kind for kind in kinds)
    assert any("JSON" in kind for kind in kinds)
    assert "NDCG@10" in made.html
