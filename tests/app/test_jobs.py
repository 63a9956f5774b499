"""Background work: short in threads, long in processes that can be followed, cancelled and fail in words."""

from __future__ import annotations

import re
import shutil
import threading
import time
from pathlib import Path

import pytest
from app_texts import texts_of
from streamlit.testing.v1 import AppTest

from dashboard.jobs import Cancelled, JobQueue, Processes, processes
from dashboard.presentation import texts
from dashboard.workspaces import WorkspaceRef


def waits_for(seconds: float, patience: float, fails: bool) -> None:
    """A page that waits for a job (a script of its own: it sees no name of this module)."""
    import time

    import streamlit as st

    from dashboard import components
    from dashboard.jobs import JobQueue
    from dashboard.presentation.texts.markdown import escape

    def work(report):
        time.sleep(seconds)
        if fails:
            raise OSError("disk full")
        return "the result"

    if "job" not in st.session_state:
        st.session_state.job = JobQueue().job(("a",), work)
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
    queue = JobQueue()
    first = queue.cancellable(("a",), lambda job: job.finished.wait(0.2) or "a")
    second = queue.cancellable(("b",), lambda job: "b")
    second.last_requested -= 60
    assert first.wait(5)
    assert second.wait(5)
    assert (first.result, second.result, second.error) == ("a", None, None)
    again = queue.cancellable(("b",), lambda job: "b")
    assert again.wait(5)
    assert again.result == "b"


def test_work_that_has_begun_is_dropped_for_other_work():
    queue, begun = JobQueue(), threading.Event()

    def work(job):
        begun.set()
        for _ in range(500):
            time.sleep(0.01)
            job.report("working", 0.5)
        return "to the end"

    first = queue.cancellable(("a",), work)
    assert begun.wait(5)
    first.last_requested -= 60
    time.sleep(0.1)
    assert not first.is_done, "nothing else waits"
    second = queue.cancellable(("b",), lambda job: "b")
    assert second.wait(5)
    assert (second.result, first.result, first.error) == ("b", None, None)
    assert queue.cancellable(("a",), lambda job: "again") is not first


def test_the_same_job_is_worked_on_once_and_finished_jobs_are_bounded():
    queue, go, calls = JobQueue(limit=2), threading.Event(), []

    def work(progress):
        calls.append(1)
        go.wait(5)
        progress("half", 0.5)
        return "done"

    first, second = queue.job(("a",), work), queue.job(("a",), work)
    assert first is second
    assert not first.is_done
    go.set()
    assert first.wait(5)
    assert (first.result, first.share, len(calls)) == ("done", 0.5, 1)
    later = [queue.job((i,), work) for i in range(4)]
    assert all(job.wait(5) for job in later)
    assert queue.job((3,), work) is later[3]
    assert queue.job(("a",), work) is not first


def test_a_failed_job_says_so_to_those_who_hold_it_and_runs_again_when_asked_again():
    queue, calls = JobQueue(), []

    def work(progress):
        calls.append(1)
        if len(calls) == 1:
            raise ValueError("no")
        return "done"

    for ask in (queue.job, queue.cancellable):
        calls.clear()
        first = ask(("x", ask.__name__), work)
        assert first.wait(5)
        assert isinstance(first.error, ValueError)
        second = ask(("x", ask.__name__), work)
        assert second.wait(5)
        assert (second.error, second.result, len(calls)) == (None, "done", 2)
        assert ask(("x", ask.__name__), work) is second


def test_a_failure_belongs_to_its_own_workspace():
    queue = JobQueue()

    def fail(progress):
        raise ValueError("no")

    one, other = (("evaluation", WorkspaceRef(Path(name), "0")) for name in ("one", "other"))
    failed, sound = queue.job(one, fail), queue.job(other, lambda progress: "done")
    assert failed.wait(5)
    assert sound.wait(5)
    assert (failed.result, sound.error, sound.result) == (None, None, "done")


SAMPLE = ("sample", "--seed", "0", "--out")


@pytest.fixture
def pool():
    found = Processes()
    yield found
    found.end()


def until(condition, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_process_gives_its_result_and_the_next_one_waits_for_it(pool, tmp_path):
    (tmp_path / "tables").mkdir()
    rows = "".join(f"u{n % 5},i{n % 7}\n" for n in range(35))
    (tmp_path / "tables" / "interactions.csv").write_text(f"user_id,item_id\n{rows}")
    words = ["import", "--format", "tables", tmp_path / "tables", "--out", tmp_path / "one"]
    first = pool.start(("a",), words, "jobs.measure", workspace="shop")
    assert pool.start(("a",), words, "jobs.measure", workspace="shop") is first
    second = pool.start(("b",), ["nonsense"], "jobs.measure", workspace="shop")
    assert pool.listed() == [first, second]
    assert first.wait(60)
    assert first.error is None
    assert first.result["n_users"] == 5
    assert (tmp_path / "one" / "dataset.json").is_file()
    assert second.wait(60)
    assert second.error.key == "setting.arguments"
    assert pool.listed() == [second], "what failed stands there until it was seen"
    pool.dismiss(second)
    assert pool.listed() == []


def test_a_cancelled_process_leaves_nothing(pool, tmp_path):
    job = pool.start(("a",), [*SAMPLE, tmp_path / "out"], "jobs.measure", workspace="shop")
    waiting = pool.start(("b",), [*SAMPLE, tmp_path / "never"], "jobs.measure", workspace="shop")
    waiting.cancel()
    until(lambda: list(tmp_path.iterdir()))
    job.cancel()
    assert job.wait(30)
    assert waiting.wait(30)
    assert isinstance(job.error, Cancelled)
    assert isinstance(waiting.error, Cancelled)
    assert job.process.poll() is not None
    assert waiting.process is None
    assert list(tmp_path.iterdir()) == []
    assert pool.listed() == []


def test_progress_is_said_in_the_readers_language_and_a_kill_in_words(pool, workspaces, tmp_path):
    shutil.copytree(workspaces / "tiny", tmp_path / "tiny")
    job = pool.start(("a",), ["measure", "--workspace", tmp_path / "tiny"], "jobs.measure", workspace="shop")
    until(lambda: getattr(job.stage, "key", "") == "stage.level")
    texts.use_language("zh")
    said = texts.stage(job.stage)
    assert re.match(r"测量各档位，第 1 个，共 4\d 个：", said)
    assert not [letter for letter in said if "a" <= letter <= "z"]
    job.process.kill()
    assert job.wait(30)
    assert texts.message(job.error) == texts.core_message("run.memory", {})
    texts.use_language("en")
    assert not list(tmp_path.rglob(".*.json.*"))


def test_a_running_job_stands_in_the_frame_with_its_progress_and_can_be_stopped(open_app, workspaces, tmp_path):
    shutil.copytree(workspaces / "tiny", tmp_path / "tiny")
    app = open_app("compress", folder=tmp_path)
    assert not [b for b in app.button if b.key.startswith("job_")]
    app.button(key="measure_all_start").click().run()
    assert not app.exception
    assert "Measuring the levels of tiny shop" in texts_of(app)
    app.switch_page("../pages/overview.py").run()
    assert "Measuring the levels of tiny shop" in texts_of(app), "the work goes on"
    app.button(key="job_0_cancel").click().run()
    (job,) = [j for j in processes().listed() if j.key[0] == "levels"] or [None]
    assert job is None or job.wait(30)
    app.run()
    assert not app.exception
    assert "Measuring the levels of tiny shop" not in texts_of(app)
    assert list((tmp_path / "tiny").rglob(".*.json.*")) == []
