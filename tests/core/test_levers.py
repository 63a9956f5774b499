"""Every lever keeps the contract."""

from __future__ import annotations

import re
from pathlib import Path

from lever_contract import LeverContract

from recsys_core.compress.levers import LEVERS
from recsys_core.variant import Compression


class TestDistill(LeverContract):
    name = "distill"
    compression = Compression(distill=10)


class TestStructured(LeverContract):
    name = "structured"
    compression = Compression(sparsity=0.5)


class TestUnstructured(LeverContract):
    name = "unstructured"
    compression = Compression(sparsity=0.5, pruning="unstructured")


class TestBits(LeverContract):
    name = "bits"
    compression = Compression(bits=16)


def test_every_lever_is_tried():
    files = [file.read_text() for file in Path(__file__).parent.glob("test_*.py")]
    tried = {
        name for text in files if "LeverContract" in text for name in re.findall(r'^    name = "(\w+)"', text, re.M)
    }
    assert tried == set(LEVERS)
