"""How a run of its own ends: a reader who leaves, a terminal that cannot print, a full disk, an interruption."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CORE = (sys.executable, "-m", "recsys_core")


def run(*words: object, **how) -> subprocess.CompletedProcess:
    return subprocess.run([*CORE, *map(str, words)], cwd=ROOT, stderr=subprocess.PIPE, check=False, **how)


def test_a_reader_who_leaves_is_no_fault(tiny_workspace):
    read, write = os.pipe()
    os.close(read)
    done = run("recommend", "--workspace", tiny_workspace, "--user", "3", "--k", "40", stdout=write)
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
def test_a_full_disk_is_one_line(tiny_workspace):
    with Path("/dev/full").open("w") as full:
        done = run("recommend", "--workspace", tiny_workspace, "--user", "3", stdout=full)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert b"recsys_core recommend" in done.stderr


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_run_leaves_one_line_and_nothing_else(kind, tmp_path):
    words = [*CORE, "sample", "--seed", "0", "--out", str(tmp_path / "out")]
    work = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while work.poll() is None and not list(tmp_path.iterdir()):
        time.sleep(0.01)  # until the folder beside the target is there
    work.send_signal(kind)
    out, err = work.communicate(timeout=60)
    assert (work.returncode, out) == (2, b"")
    assert err == b"recsys_core sample: interrupted; nothing was written.\n"
    assert list(tmp_path.iterdir()) == []
