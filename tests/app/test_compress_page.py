"""Compress: the figures on the page are those of the reports, measured or still being measured."""

from __future__ import annotations

import shutil
import threading
import time
from pathlib import Path

import pytest
from app_texts import tables_of, texts_of
from streamlit.testing.v1 import AppTest

from dashboard import cached
from dashboard.jobs import Board
from dashboard.stories import compress as story
from dashboard.texts import numbers
from recsys_core.compare import figures, load_report, measure_variant, report_to_json
from recsys_core.compress.measure import LatencySettings
from recsys_core.models.workspace import Workspace
from recsys_core.recommend import recommend
from recsys_core.variant import DENSE, Variant

HALF, NEW = Variant(0.5, 8), Variant(0.8, 4)
QUICK = LatencySettings(seconds=0.05, least=5)


@pytest.fixture(scope="module")
def folder(grouped_workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace in which the full model and one level are measured."""
    found = tmp_path_factory.mktemp("compress")
    shutil.copytree(grouped_workspace, found / "shop")
    workspace = Workspace.open(found / "shop")
    for variant in (DENSE, Variant(0.9, 8), HALF):
        measure_variant(workspace, variant, latency=QUICK)
    return found


@pytest.fixture
def open_compress(open_app, folder):
    def open_page(variant: Variant = HALF, **parameters: str):
        asked = {"sparsity": str(round(100 * variant.sparsity)), "bits": str(variant.bits), **parameters}
        return open_app("compress", folder=folder, workspace="shop", **asked)

    return open_page


@pytest.fixture
def report(folder):
    return load_report(Workspace.open(folder / "shop"), HALF)


def cards(app) -> dict[str, str]:
    return {m.label: m.value for m in app.metric}


def test_cards_are_the_reports(open_compress, report):
    app = open_compress()
    found, shown = figures(report_to_json(report)), cards(app)
    assert shown["Size"] == numbers.size(report.compressed.size_bytes)
    assert shown["AUC"] == numbers.fixed(report.compressed.auc, 3)
    assert shown["NDCG@10"] == numbers.fixed(report.compressed.ndcg, 3)
    assert shown["Top 10 kept"] == numbers.percent(report.top_10_overlap)
    assert shown["Reasons kept"] == numbers.percent(report.explanation_drift["top_3_kept"])
    speed = report.dense.latency_ms["batch_1"]["p50"] / report.compressed.latency_ms["batch_1"]["p50"]
    assert shown["Speed, one pair"] == f"×{numbers.fixed(speed, 1)}"
    gap = next(label for label in shown if label.startswith("Gap by"))
    assert shown[gap] == numbers.fixed(found["group_gap"].value, 3)
    assert not app.exception


def test_the_full_model_changes_nothing_and_says_so(open_compress):
    app = open_compress(DENSE)
    quiet = [m for m in app.metric if not m.label.startswith("Speed")]
    assert {m.delta for m in quiet} == {"unchanged"}
    assert {m.proto.color for m in quiet} == {m.proto.GRAY for m in quiet}
    assert "This is the full model" in " ".join(texts_of(app))


def test_noise_is_grey(open_compress, report):
    app = open_compress()
    found = figures(report_to_json(report))
    metrics = {m.label: m for m in app.metric}
    for name, label in (("auc", "AUC"), ("ndcg@10", "NDCG@10")):
        if found[name].verdict in ("noise", "unchanged"):
            assert metrics[label].proto.color == metrics[label].proto.GRAY
        assert (metrics[label].proto.delta_description == "within noise") == (found[name].verdict == "noise")


def test_the_list_before_and_after(open_compress, folder):
    place = cached.place(folder / "shop")
    app = open_compress(user="7")
    rows = tables_of(app)["lists"]
    workspace = cached.workspace(place)
    at = workspace.user_index("7")
    before = recommend(workspace.dense, workspace.material, at)
    after = recommend(cached.scorer(place, HALF), workspace.material, at)
    assert rows["Before"].tolist() == [i.title for i in before.items]
    assert rows["After"].tolist() == [i.title for i in after.items]
    old = {i.item_index: i.rank for i in before.items}
    for item, move in zip(after.items, rows["Move"], strict=True):
        if item.item_index not in old:
            assert move == "new"
        elif old[item.item_index] == item.rank:
            assert move == "="
        else:
            sign, steps = move.split()
            assert (sign == "▲") == (item.rank < old[item.item_index])
            assert int(steps) == abs(item.rank - old[item.item_index])


def test_whose_list_changed_most(open_compress, report, folder):
    app = open_compress()
    rows = tables_of(app)["changed"]
    changed = report.extra["top_10_kept"]["most_changed"]
    ids = cached.dataset(cached.place(folder / "shop")).users["user_id"]
    for (index, kept), (_, row) in zip(changed, rows.iterrows(), strict=True):
        assert row["User"].endswith(f"(user {ids.iloc[index]})")
        assert row["Kept"] == f"{round(10 * kept)} of 10"


def test_the_doubt_strip(open_compress, report):
    said = " ".join(texts_of(open_compress()))
    for part in ("on this machine", f"{report.n_users} users", "explained pairs", "seed 0", "before fine-tuning"):
        assert part in said


def test_a_level_that_is_not_measured_shows_what_is_known_and_then_all(open_compress, folder):
    place = cached.place(folder / "shop")
    app = open_compress(NEW)
    said = " ".join(texts_of(app))
    assert "Measuring" in said or "is being measured" in said
    assert len(app.metric) == 8
    assert not app.exception
    job = cached.measurement(place, NEW)
    assert job.wait(120)
    assert job.error is None
    app.run()
    assert cards(app)["AUC"] == numbers.fixed(job.result.compressed.auc, 3)
    assert load_report(Workspace.open(folder / "shop"), NEW) is not None


def test_presets_set_the_controls(open_compress, folder):
    known = cached.presets(cached.place(folder / "shop"))
    app = open_compress()
    app.button(key="preset_dense").click().run()
    assert (app.slider(key="sparsity").value, app.segmented_control(key="bits").value) == (0, 32)
    for name, variant in known.items():
        assert app.button(key=f"preset_{name}").disabled == (variant is None)
    name, variant = next((n, v) for n, v in known.items() if v is not None)
    app.button(key=f"preset_{name}").click().run()
    assert app.slider(key="sparsity").value == round(100 * variant.sparsity)


def test_chinese(open_compress):
    app = open_compress(lang="zh")
    assert "压缩到多小" in " ".join(texts_of(app))
    assert not app.exception


def test_no_user(open_compress):
    app = open_compress(user="99999")
    assert "No user 99999" in " ".join(w.value for w in app.warning)
    assert "Pick a user" in " ".join(texts_of(app))
    assert not app.exception


def test_badge_says_what_the_address_asks_for(open_compress):
    badges = [text for text in texts_of(open_compress()) if "-badge[" in text]
    assert [numbers_alike(b) for b in badges] == [":blue-badge[50 % of neurons removed, 8 bits]"]


def numbers_alike(text: str) -> str:
    return text.replace(numbers.THIN, " ")


def waits_for(seconds: float, patience: float, fails: bool) -> None:
    """A page that waits for a job (a script of its own: it sees no name of this module)."""
    import time

    import streamlit as st

    from dashboard import components
    from dashboard.jobs import Board
    from dashboard.texts.markdown import escape

    def work(report):
        time.sleep(seconds)
        if fails:
            raise OSError("disk full")
        return "the result"

    if "job" not in st.session_state:
        st.session_state.job = Board().job(("a",), work)
    job = st.session_state.job
    if components.finished(job, escape("Counting"), key="counting", patience=patience):
        st.markdown(job.result)


@pytest.mark.parametrize(
    ("seconds", "patience", "fails", "said", "unsaid"),
    [
        (0.0, 5.0, False, "the result", "Counting"),
        (1.3, 5.0, False, "the result", "Counting"),  # its progress has gone
        (3.0, 0.5, False, "Counting", "the result"),
        (0.0, 5.0, True, "disk full", "the result"),
    ],
)
def test_a_page_waits_for_short_work(seconds, patience, fails, said, unsaid):
    app = AppTest.from_function(waits_for, args=(seconds, patience, fails), default_timeout=20).run()
    assert not app.exception
    shown = " ".join(texts_of(app))
    assert said in shown
    assert unsaid not in shown


def test_work_that_nobody_waits_for_is_dropped():
    board = Board()
    first = board.watched(("a",), lambda job: job.finished.wait(0.2) or "a")
    second = board.watched(("b",), lambda job: "b")
    second.asked -= 60
    assert first.wait(5)
    assert second.wait(5)
    assert (first.result, second.result, second.error) == ("a", None, None)
    again = board.watched(("b",), lambda job: "b")
    assert again.wait(5)
    assert again.result == "b"


def test_work_that_has_begun_is_dropped_for_other_work():
    board, begun = Board(), threading.Event()

    def work(job):
        begun.set()
        for _ in range(500):
            time.sleep(0.01)
            job.report("working", 0.5)
        return "to the end"

    first = board.watched(("a",), work)
    assert begun.wait(5)
    first.asked -= 60
    time.sleep(0.1)
    assert not first.is_done, "nothing else waits"
    second = board.watched(("b",), lambda job: "b")
    assert second.wait(5)
    assert (second.result, first.result, first.error) == ("b", None, None)
    assert board.watched(("a",), lambda job: "again") is not first


def test_sentences(report):
    assert "smaller" in story.sentence(report)
