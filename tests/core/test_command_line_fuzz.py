"""Any command line ends with 0, or with 2 and one line on standard error; nothing else is ever said or left behind."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest
from command_line_draws import Draws
from small_data import SHOP, write_tables

from recsys_core.__main__ import TRACEBACK, main
from recsys_core.commands import COMMANDS
from recsys_core.models.workspace import open_model


@pytest.mark.parametrize("n_draws", [500, pytest.param(20_000, marks=pytest.mark.soak)])
def test_any_command_line_ends_in_words(n_draws, capsys, tiny_workspace, tmp_path, monkeypatch):
    monkeypatch.setenv(TRACEBACK, "1")  # an unexpected error is raised here, not said in one line
    open_model(tiny_workspace).dataset.save(tmp_path / "data")
    (tmp_path / "out").mkdir()
    monkeypatch.chdir(tmp_path / "out")  # a word taken for a path is a folder there
    workspace = tmp_path / "workspace"  # some commands write into it
    shutil.copytree(tiny_workspace, workspace)
    draws = Draws(n_draws, workspace, tmp_path / "data", write_tables(tmp_path / "tables", SHOP), tmp_path / "out")
    ends = Counter()
    for number in range(n_draws):
        words = draws.draw()
        status = _status(words)
        seen = capsys.readouterr()
        complaints = [line for line in seen.err.splitlines() if line.startswith("recsys_core")]
        assert status in (0, 2), (number, words)
        assert "Traceback" not in seen.err, (number, words)
        if status == 2:
            assert seen.out == "", (number, words)
            assert len(complaints) == 1, (number, words, seen.err)
        elif "--json" in words and "--help" not in words:
            json.loads(seen.out)
        ends[words[0], status] += 1
    assert {status for _, status in ends} == {0, 2}
    assert {command.name for command in COMMANDS} <= {word for word, _ in ends}
    ours = ("dataset.json", "_batch.json")
    left = [p for p in (tmp_path / "out").iterdir() if p.is_dir() and not any((p / name).exists() for name in ours)]
    assert left == [], "nothing half-written is left"
    print(dict(ends))


def _status(words: list[str]) -> object:
    try:
        return main(words)
    except SystemExit as end:  # --help
        return end.code


def test_an_unexpected_error_is_one_line_too(capsys, tiny_workspace, tmp_path, monkeypatch):
    monkeypatch.delenv(TRACEBACK, raising=False)
    tables = str(write_tables(tmp_path / "tables", SHOP))
    for words in (
        ["recommend", "--workspace", "\x00", "--user", "3"],
        ["import", "--format", "tables", tables, "--out", str(tmp_path / "a" / "\x00")],
    ):
        assert main(words) == 2
        assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_a_path_below_a_file_is_named(capsys, tmp_path):
    (tmp_path / "file").write_text("x")
    tables = str(write_tables(tmp_path / "tables", SHOP))
    assert main(["import", "--format", "tables", tables, "--out", str(tmp_path / "file" / "below")]) == 2
    assert "file" in capsys.readouterr().err
    assert Path(tmp_path / "file").read_text() == "x"
