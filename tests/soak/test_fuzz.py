"""Thousands of damaged source files: each is imported, or refused in one clear sentence; nothing else."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "core"))

from small_data import SOURCES, encode

from recsys_core.data.dataset import Dataset
from recsys_core.data.importers import import_dataset
from recsys_core.errors import RecLensError

CASES = 1500
ODD = (b"{", b"[", b"sep=;", b"\x1f\x8b", b"PK\x03\x04",
       b"\0", b"\xff\xfe", b'"', b",", b"::", b"|", b"\n", b"\r", b"-1", b"nan", b"inf", b"1e400", b"9" * 20,
       b"\xe2\x80\xae", b"=1+1", b" ", b"")  # fmt: skip


def damaged(data: bytes, rng: random.Random) -> bytes:
    """One to four random cuts, doublings, swaps and insertions."""
    for _ in range(rng.randint(1, 4)):
        lines = data.split(b"\n")
        at, line = rng.randrange(len(data) + 1), rng.randrange(len(lines))
        kind = rng.randrange(7)
        if kind == 0:
            data = data[:at]
        elif kind == 1:
            data = data[:at] + rng.choice(ODD) + data[at:]
        elif kind == 2:
            data = data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]
        elif kind == 3:
            data = b"\n".join([*lines[: line + 1], *lines[line:]])
        elif kind == 4:
            data = b"\n".join(lines[:line] + lines[line + 1 :])
        elif kind == 5:
            cells = lines[line].split(b",")
            cells[rng.randrange(len(cells))] = rng.choice(ODD)
            data = b"\n".join([*lines[:line], b",".join(cells), *lines[line + 1 :]])
        else:
            data = data[:at] + data[rng.randrange(len(data) + 1) :]
    return data


def attempt(source: str, folder: Path, out: Path) -> tuple[str | None, Dataset | None]:
    """What was said, or the dataset as it was saved and read again."""
    try:
        dataset = import_dataset(source, folder, None)
        dataset.save(out)
        again = Dataset.load(out)
    except RecLensError as error:
        return str(error), None
    assert again.fingerprint() == dataset.fingerprint()
    return None, again


@pytest.mark.parametrize("source", list(SOURCES))
def test_damaged_files_are_imported_or_refused(source, tmp_path):
    rng = random.Random(source)
    refused = 0
    for case in range(CASES):
        folder = tmp_path / "source"
        folder.mkdir(exist_ok=True)
        victim = rng.choice(list(SOURCES[source]))
        for name, text in SOURCES[source].items():
            data = encode(name, text)
            (folder / name).write_bytes(damaged(data, rng) if name == victim else data)
        said, again = attempt(source, folder, tmp_path / "out")
        if said is not None:
            refused += 1
            assert said.strip(), f"case {case}: no words"
            assert "\n" not in said.strip(), f"case {case}: {said}"
            continue
        assert again.n_interactions > 0
    print(f"{source}: {refused} of {CASES} refused")
    assert 0 < refused < CASES
