"""Single files are written aside and renamed: a reader sees the old content or the new, never a part."""

from __future__ import annotations

import os

import pytest

from recsys_core.data.folder import atomic_write


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
