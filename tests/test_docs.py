"""What the documents name is there: files, and every command in the README's table."""

from __future__ import annotations

import re
from pathlib import Path

from recsys_core.commands import COMMANDS

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "docs/extending.md", "docs/model.md")
FOLDERS = "recsys_core|dashboard|pages|tests|benchmarks|docs|sample_data"


def named_paths(text: str) -> set[str]:
    """Paths in backquotes that begin with one of our folders; those with a place to fill in are left out."""
    found = re.findall(rf"`((?:{FOLDERS})/[\w./{{}},-]*)", text)
    return {path.rstrip(".") for path in found if "NAME" not in path and "{" not in path}


def test_documents_name_files_that_are_there():
    lost = [
        f"{document}: {path}"
        for document in DOCUMENTS
        for path in sorted(named_paths((ROOT / document).read_text()))
        if not (ROOT / path).exists()
    ]
    assert lost == []


def test_every_command_stands_in_the_readme():
    table = re.findall(r"^\| `(\w[\w-]*) ", (ROOT / "README.md").read_text(), re.M)
    assert [command.name for command in COMMANDS if command.name not in table] == []
