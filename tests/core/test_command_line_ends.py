"""How a run of its own ends: a reader who leaves, a terminal that cannot print, a full disk, an interruption."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from small_data import SHOP, write_tables

ROOT = Path(__file__).resolve().parents[2]
CORE = (sys.executable, "-m", "recsys_core")


def run(*words: object, **how) -> subprocess.CompletedProcess:
    return subprocess.run([*CORE, *map(str, words)], cwd=ROOT, stderr=subprocess.PIPE, check=False, **how)


def an_import(folder: Path) -> tuple[object, ...]:
    """A run that prints and needs no PyTorch, which takes seconds to load."""
    return "import", "--format", "tables", write_tables(folder / "tables", SHOP), "--out", folder / "data"


def test_a_reader_who_leaves_is_no_fault(tmp_path):
    read, write = os.pipe()
    os.close(read)
    done = run(*an_import(tmp_path), stdout=write)
    os.close(write)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_terminal_that_knows_ascii_alone_gets_every_title(tmp_path):
    text = "import sys; from recsys_core import __main__ as m; sys.exit(m._print('Café 漢字'))"
    done = subprocess.run(
        [sys.executable, "-c", text],
        cwd=ROOT,
        capture_output=True,
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"Caf\\xe9 \\u6f22\\u5b57\n", b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system to stand for a full disk")
def test_a_full_disk_is_one_line(tmp_path):
    with Path("/dev/full").open("w") as full:
        done = run(*an_import(tmp_path), stdout=full)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert b"recsys_core import" in done.stderr


INTERRUPTED = """
import os, signal, sys, threading, time
from pathlib import Path
from recsys_core.__main__ import main
from recsys_core.data import sample
from recsys_core.data.sample.shop import SHOP

folder = Path(sys.argv[1])
drawn = sample.draw_sample(SHOP, 0)
sample.draw_sample = lambda domain, seed: drawn  # once for the three: it is the writing that is interrupted

def interrupt(kind):
    while not list(folder.iterdir()):
        time.sleep(0.01)  # until the folder beside the target is there
    os.kill(os.getpid(), kind)

for kind in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(kind, signal.SIG_DFL)  # a shell's background hands down that SIGINT is ignored
    before = signal.getsignal(kind)
    threading.Thread(target=interrupt, args=(kind,)).start()
    status = main(["sample", "--seed", "0", "--out", str(folder / "out")])
    print(kind.name, status, len(list(folder.iterdir())), signal.getsignal(kind) is before, flush=True)
"""


def test_an_interrupted_run_leaves_one_line_and_nothing_else(tmp_path):
    """One process is sent three signals, as its start takes most of the time."""
    words = [sys.executable, "-c", INTERRUPTED, str(tmp_path)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False, timeout=240)
    names = ("SIGINT", "SIGTERM", "SIGHUP")
    assert done.stdout.splitlines() == [f"{name} 2 0 True" for name in names]
    assert done.stderr.splitlines() == ["recsys_core sample: interrupted; nothing was written."] * 3
    assert done.returncode == 0
