"""What a latency was measured on."""

from __future__ import annotations

import os
import platform
from functools import cache
from pathlib import Path

CPU_INFO = Path("/proc/cpuinfo")


@cache
def machine_name() -> str:
    """Processor and cores, as a person would tell two machines apart: ``AMD EPYC, 2 cores``."""
    processor = _model_name() or platform.processor() or platform.machine()
    return f"{processor}, {os.cpu_count()} cores"


def _model_name() -> str:
    try:
        lines = CPU_INFO.read_text().splitlines()
    except OSError:
        return ""
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "")
