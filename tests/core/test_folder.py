"""Single files are written aside and renamed: a reader sees the old content or the new, never a part."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from recsys_core.data.folder import atomic_folder, atomic_write
from recsys_core.errors import phrase

ROOT = Path(__file__).resolve().parents[2]
WRITES_UNTIL_KILLED = """
import sys, time
from pathlib import Path
from recsys_core.data.folder import atomic_folder
from recsys_core.errors import phrase
with atomic_folder(Path(sys.argv[1]), phrase("what.dataset"), marker="mark") as aside:
    (aside / "half").write_text("written")
    print("begun", flush=True)
    time.sleep(60)
"""


def test_an_open_reader_keeps_the_old_content(tmp_path):
    file, same = tmp_path / "report.json", tmp_path / "same.json"
    file.write_bytes(b"the old content")
    os.link(file, same)  # a second name of the same data on disk: writing in place would change it
    with file.open("rb") as reader:
        atomic_write(file, b"new")
        assert reader.read() == b"the old content"
    assert (file.read_bytes(), same.read_bytes()) == (b"new", b"the old content")


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    file = tmp_path / "report.json"
    atomic_write(file, b"whole")
    with pytest.raises(TypeError):
        atomic_write(file, "not bytes")
    assert file.read_bytes() == b"whole"
    assert [p.name for p in tmp_path.iterdir()] == ["report.json"]


def replace_it(folder: Path, text: str) -> None:
    with atomic_folder(folder, phrase("what.dataset"), marker="mark") as aside:
        (aside / "mark").write_text(text)


def test_the_next_run_clears_away_what_a_killed_one_left(tmp_path):
    folder = tmp_path / "data.v1"
    replace_it(folder, "old")
    kept = (tmp_path / ".data.v1.notes", tmp_path / ".data.12345678", tmp_path / ".data.v1.old.mine")
    for other in kept:
        other.mkdir()
    words = [sys.executable, "-c", WRITES_UNTIL_KILLED, str(folder)]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE) as writer:
        assert writer.stdout.readline() == b"begun\n"
        replace_it(folder, "beside it")  # what another process still writes is left alone
        (half,) = tmp_path.glob(".data.v1.*/half")
        writer.kill()
    assert half.exists()
    replace_it(folder, "new")
    assert (folder / "mark").read_text() == "new"
    assert {path.name for path in tmp_path.iterdir()} == {"data.v1", *(other.name for other in kept)}


def test_a_run_killed_between_both_renames_loses_nothing(tmp_path):
    folder = tmp_path / "data"
    replace_it(folder, "old")
    (tmp_path / ".data.old.0123abcd").mkdir()
    folder.rename(tmp_path / ".data.old.0123abcd" / "data")
    with pytest.raises(KeyboardInterrupt), atomic_folder(folder, phrase("what.dataset"), marker="mark"):
        raise KeyboardInterrupt
    assert [path.name for path in tmp_path.iterdir()] == ["data"]
    assert (folder / "mark").read_text() == "old"


def test_what_people_did_moves_to_the_folder_that_replaces_theirs(tmp_path):
    folder = tmp_path / "data"
    replace_it(folder, "old")
    (folder / "serving").mkdir()
    with (folder / "serving" / "log").open("w") as writer:
        replace_it(folder, "new")
        writer.write("a click")  # whoever writes meanwhile notices nothing
    assert (folder / "mark").read_text() == "new"
    assert (folder / "serving" / "log").read_text() == "a click"
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_a_run_killed_before_it_moved_what_people_did_loses_nothing(tmp_path):
    folder, left = tmp_path / "data", tmp_path / ".data.old.0123abcd" / "data"
    replace_it(folder, "first")
    (left / "serving").mkdir(parents=True)
    (left / "serving" / "log").write_text("a click")
    replace_it(folder, "second")
    assert (folder / "serving" / "log").read_text() == "a click"
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_of_two_folders_of_what_people_did_none_is_thrown_away(tmp_path):
    folder, left = tmp_path / "data", tmp_path / ".data.old.0123abcd" / "data"
    replace_it(folder, "first")
    for where, what in ((left, "older"), (folder, "newer")):
        (where / "serving").mkdir(parents=True)
        (where / "serving" / "log").write_text(what)
    replace_it(folder, "second")
    assert (folder / "serving" / "log").read_text() == "newer"
    assert (left / "serving" / "log").read_text() == "older"
