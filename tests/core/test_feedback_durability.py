"""Feedback log: what was acknowledged survives kills and full disks, and lies on the disk before the answer."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import Future
from itertools import pairwise
from pathlib import Path

import apsw
import pytest
from feedback_writer import events, served

from recsys_core.errors import WorkspaceError
from recsys_core.feedback import FeedbackLog, FeedbackReader
from recsys_core.feedback.database import log_path

ROOT = Path(__file__).resolve().parents[2]
WRITER = Path(__file__).with_name("feedback_writer.py")


def writer(folder: Path, *words: str, before: tuple[str, ...] = ()) -> subprocess.Popen:
    command = [*before, sys.executable, str(WRITER), str(folder), *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})


@pytest.mark.parametrize("n_kills", [2, pytest.param(100, marks=pytest.mark.soak)])
def test_killed_under_load_nothing_acknowledged_is_lost_or_doubled(n_kills, tmp_path):
    draw, acknowledged = random.Random(n_kills), []
    for number in range(n_kills):
        process = writer(tmp_path, "load", f"r{number}")
        said = [process.stdout.readline()]  # it writes
        with pytest.raises(WorkspaceError, match=rf"another process already \({process.pid}\)"):
            FeedbackLog.open(tmp_path)
        time.sleep(draw.uniform(0.02, 0.3))
        process.kill()
        said += process.stdout.read().splitlines(keepends=True)
        process.wait()
        acknowledged += [key for line in said if line.endswith("\n") for key in line.split()]
    assert len(acknowledged) > 50 * n_kills
    rows = FeedbackReader(tmp_path).events()  # a reader finds all, before any writer has mended anything
    assert set(acknowledged) <= set(rows["event_id"])
    assert rows["event_id"].is_unique
    assert rows["seq"].tolist() == list(range(1, len(rows) + 1))
    with_list = rows[rows["list_id"].notna()]
    assert len(with_list) > 0
    assert set(with_list["list_id"]) <= set(FeedbackReader(tmp_path).lists()["list_id"])
    with FeedbackLog.open(tmp_path) as log:
        prefixes = [key.rsplit("-", 1)[0] for key in acknowledged[::5]]
        told = [log.append(events(prefix)) for prefix in prefixes]
        assert {t.result().duplicates for t in told} == {5}, "what the clients send again counts once"
    assert len(FeedbackReader(tmp_path).events()) == len(rows)
    print(f"{n_kills} kills, {len(acknowledged)} acknowledged, {len(rows)} in the log")


class Watched(apsw.VFS):
    """The system's files, and in which order their log was written and synced."""

    def __init__(self, base: str) -> None:
        self.calls: list[str] = []
        self.base = base
        super().__init__("watched", base)

    def xOpen(self, name, flags):
        return WatchedFile(self, name, flags)


class WatchedFile(apsw.VFSFile):
    def __init__(self, vfs: Watched, name, flags) -> None:
        self.is_log = str(name.filename() if isinstance(name, apsw.URIFilename) else name).endswith("-wal")
        self.calls = vfs.calls
        super().__init__(vfs.base, name, flags)

    def xWrite(self, data, offset):
        self.calls += ["write"] * self.is_log
        super().xWrite(data, offset)

    def xSync(self, flags):
        super().xSync(flags)
        self.calls += ["sync"] * self.is_log


@pytest.fixture
def watched():
    before = apsw.vfs_names()[0]
    vfs = Watched(before)
    apsw.set_default_vfs("watched")
    yield vfs.calls
    apsw.set_default_vfs(before)
    vfs.unregister()


def test_every_answer_comes_after_a_sync(watched, tmp_path):
    seen = []

    def answered(told: Future) -> None:
        seen.append((watched[-1], watched.count("sync")))

    with FeedbackLog.open(tmp_path) as log:
        for number in range(20):
            told = log.append(events(str(number)))
            told.add_done_callback(answered)
            told.result()
    assert [last for last, _ in seen] == ["sync"] * 20
    counts = [count for _, count in seen]
    assert all(late > early for early, late in pairwise(counts)), "each has one of its own"


def test_the_system_syncs_before_each_answer(tmp_path):
    """The same as the system sees it: between two lines on standard output stands an fdatasync of the log."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed")
    trace = tmp_path / "trace"
    calls = "trace=openat,pwrite64,write,fsync,fdatasync"
    process = writer(tmp_path, "one", before=(strace, "-f", "-y", "-e", calls, "-o", str(trace)))
    said = process.communicate()[0]
    if process.returncode and not said:
        pytest.skip("strace may not watch processes here")
    assert said.count("acknowledged") == 20
    wanted = r'(pwrite64)\(\d+<[^>]*-wal>|(f(?:data)?sync)\(\d+<[^>]*-wal>|(write)\(1<[^>]*>, "acknowledged'
    kinds = "".join(
        {"pwrite64": "w", "fsync": "s", "fdatasync": "s", "write": "A"}[next(filter(None, found.groups()))]
        for line in trace.read_text().splitlines()
        if "resumed" not in line and (found := re.search(wanted, line))
    )
    assert re.fullmatch(r"[ws]*?(w+sA){20}[ws]*", kinds), kinds


def test_a_full_disk_refuses_and_keeps_what_it_acknowledged(tmp_path):
    """A limit on the size of files is a full disk that can be had anywhere; lists wait until there is room."""
    with FeedbackLog.open(tmp_path) as log:
        log.append(events("before")).result()
    out, _ = writer(tmp_path, "full").communicate(timeout=60)
    found = json.loads(out)
    assert found["refused"] == ["feedback.full"] * 3
    assert found["waiting"] == 1
    assert len(found["kept"]) > 2
    rows = FeedbackReader(tmp_path).events()
    assert rows["event_id"].tolist() == [e.event_id for e in events("before")] + found["kept"]
    assert rows["version"].tolist()[-2:] == [1, 1]
    FeedbackLog.open(tmp_path).close()  # and it is sound


def refusal(make) -> str:
    with pytest.raises(WorkspaceError) as caught:
        make()
    assert len(str(caught.value).splitlines()) == 1
    return caught.value.key


def refused_twice(folder: Path) -> tuple[str, str]:
    """What a writer and a reader say of a file that both leave as it was."""
    before = log_path(folder).read_bytes()
    found = refusal(lambda: FeedbackLog.open(folder)), refusal(lambda: FeedbackReader(folder).events())
    assert log_path(folder).read_bytes() == before
    return found


def test_files_of_others_are_refused_and_left_alone(tmp_path):
    path = log_path(tmp_path)
    path.parent.mkdir()
    for content in (b"hello", b"\0" * 4096, b"event_id,user_id\n" * 999, b"SQLite format 3\0" + b"\1" * 2000):
        path.write_bytes(content)
        assert set(refused_twice(tmp_path)) <= {"feedback.foreign", "feedback.damaged"}, content[:9]
    for statement, key in (
        ("CREATE TABLE events (a)", "feedback.foreign"),
        ("PRAGMA application_id = 7", "feedback.foreign"),
        (f"PRAGMA application_id = {0x52634C6E}; PRAGMA user_version = 1", "feedback.damaged"),
        (f"PRAGMA application_id = {0x52634C6E}; PRAGMA user_version = 99", "feedback.newer"),
    ):
        path.unlink()
        connection = apsw.Connection(str(path))
        connection.execute(statement)
        connection.close()
        assert refused_twice(tmp_path) == (key, key)
    path.unlink()
    path.mkdir()
    assert refusal(lambda: FeedbackLog.open(tmp_path)) == "feedback.unreadable"


def test_an_empty_file_is_a_new_log(tmp_path):
    log_path(tmp_path).parent.mkdir()
    log_path(tmp_path).touch()
    assert len(FeedbackReader(tmp_path).events()) == 0
    with FeedbackLog.open(tmp_path) as log:
        assert log.append(events("a")).result().accepted == 5


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("written")
    with FeedbackLog.open(folder) as log:
        for number in range(60):
            log.note_list(served(str(number)))
            log.append(events(str(number), list_id=str(number))).result()
    return folder


@pytest.mark.parametrize("n_draws", [40, pytest.param(2_000, marks=pytest.mark.soak)])
def test_a_damaged_log_is_named_or_read_and_never_changed(n_draws, written, tmp_path):
    """Bytes changed, cut off or put in anywhere: one clear line and the same file, or a log that can be used."""
    whole, draw, ends = log_path(written).read_bytes(), random.Random(0), []
    path = log_path(tmp_path)
    path.parent.mkdir()
    for _ in range(n_draws):
        path.write_bytes(harmed(whole, draw))
        before = path.read_bytes()
        with contextlib.suppress(WorkspaceError):
            reader = FeedbackReader(tmp_path)
            (reader.events(), reader.lists(), reader.summary(), reader.traffic())
        assert path.read_bytes() == before
        try:
            FeedbackLog.open(tmp_path).close()
            ends.append("")
        except WorkspaceError as problem:
            ends.append(problem.key)
            assert path.read_bytes() == before
    assert set(ends) <= {"", "feedback.damaged", "feedback.foreign", "feedback.newer"}
    assert ends.count("feedback.damaged") > n_draws / 4


def harmed(whole: bytes, draw: random.Random) -> bytes:
    at, n = draw.randrange(len(whole)), draw.choice((1, 8, 512, 9000))
    kind = draw.randrange(3)
    if kind == 0:
        return whole[:at]
    return whole[:at] + draw.randbytes(n) + whole[at + n * (kind == 1) :]


def test_a_journal_that_somebody_removes_takes_nothing_along(tmp_path):
    with FeedbackLog.open(tmp_path) as log:
        for name in "abc":
            log.append(events(name)).result()
            log_path(tmp_path).with_name("feedback.sqlite-wal").unlink()
            log.append(events(name + name)).result()
            log.append(events(name)).result()
            copy = tmp_path / name / "serving"  # what a kill would leave
            shutil.copytree(log_path(tmp_path).parent, copy)
            assert len(FeedbackReader(copy.parent).events()) == len(FeedbackReader(tmp_path).events())
    rows = FeedbackReader(tmp_path).events()
    assert len(rows) == rows["event_id"].nunique() == 30


def test_a_log_that_is_taken_away_is_not_answered_for(tmp_path):
    with FeedbackLog.open(tmp_path) as log:
        log.append(events("a")).result()
        log_path(tmp_path).rename(tmp_path / "elsewhere")
        assert refusal(log.append(events("b")).result) == "feedback.moved"
        (tmp_path / "elsewhere").rename(log_path(tmp_path))
        assert log.append(events("b") + events("c")).result().accepted >= 5
    assert len(FeedbackReader(tmp_path).events()) == 15
