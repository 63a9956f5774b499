"""Files to download: what is on the screen as a table and as JSON, each saying what it came from."""

from __future__ import annotations

import json
import tomllib
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from recsys_core.data.folder import without_nan

PROJECT = Path(__file__).resolve().parents[2] / "pyproject.toml"


@cache
def version() -> str:
    """The version of RecLens that writes the file."""
    return tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]["version"]


def about(*, workspace: str, model: str, variant: str, seed: int) -> dict[str, object]:
    """What a file came from: workspace, fingerprint of model and data, compression, seed of the split, version."""
    return {
        "workspace": workspace,
        "model": model,
        "variant": variant,
        "seed": seed,
        "reclens_version": version(),
    }


def as_csv(table: pd.DataFrame, origin: dict[str, object]) -> bytes:
    """The table, what it came from repeated in its last columns; with a mark by which Excel knows UTF-8."""
    columns = {k: v for k, v in origin.items() if k not in table.columns}
    return table.assign(**columns).to_csv(index=False).encode("utf-8-sig")


def as_json(everything: dict | list, origin: dict[str, object]) -> str:
    """The results under their own keys beside ``about``; what is undefined is ``null``.

    >>> as_json([1.5, float("nan")], {"seed": 0}).split()
    ['{', '"about":', '{', '"seed":', '0', '},', '"rows":', '[', '1.5,', 'null', ']', '}']
    """
    rest = everything if isinstance(everything, dict) else {"rows": everything}
    return json.dumps(_plain({"about": origin, **rest}), indent=1, ensure_ascii=False, allow_nan=False)


def _plain(value: object) -> object:
    """Lists, texts and numbers only."""
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    known = value is None or isinstance(value, bool | int | float | str)
    return without_nan(value if known else str(value))
