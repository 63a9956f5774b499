"""Encoder stage: a pretrained text encoder turns titles into vectors, computed once and cached."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from recsys_core.data.folder import atomic_write
from recsys_core.models.encoder_files import MINILM, fingerprint, n_parameters, refused, resolve_encoder, weight_files
from recsys_core.progress import Progress, silent

if TYPE_CHECKING:
    from recsys_core.models.encoder_model import TextEncoder

BATCH = 64
RECIPE = 2  # counts changes of pooling and length: vectors of an older recipe are computed again


@dataclass(frozen=True, slots=True)
class EncoderInfo:
    """Which encoder made the vectors, for the Overview page and the compression report."""

    name: str
    family: str
    width: int
    n_layers: int
    n_parameters: int
    size_bytes: int


NO_ENCODER = EncoderInfo("", "", 0, 0, 0, 0)  # of data without texts


def encode_texts(texts: list[str], *, name: str = MINILM, progress: Progress = silent) -> np.ndarray:
    """Vectors ``(n, width)`` float32 of unit length; computed where the cache lacks these texts under these weights.

    Pooling follows the family: mean over the mask (encoders such as BERT), last token (decoders such
    as GPT), pooler output (DPR). MiniLM with mean pooling equals sentence-transformers' own output.
    Raises ``WorkspaceError`` (``train.text_encoder``) for an encoder that cannot be used.
    """
    distinct = sorted(set(texts))
    folder = resolve_encoder(name)
    file = _cache_file(distinct, folder)
    vectors = _cached(file)
    if vectors is None:
        vectors = _encode(distinct, folder, name, progress)
        file.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(file, save_tensors({"vectors": vectors}))
    row = {text: i for i, text in enumerate(distinct)}
    return vectors[[row[t] for t in texts]]


def encoder_info(name: str = MINILM) -> EncoderInfo:
    """What the encoder is, read from its files without its weights.

    Raises ``WorkspaceError`` (``train.text_encoder``) for one that is unknown, damaged or of a kind
    that gives no vector of a text.
    """
    from recsys_core.models.encoder_model import load_encoder, read_config

    folder = resolve_encoder(name)
    config, weights = read_config(folder, name), weight_files(folder)
    if not weights:
        raise refused(name, "no_weights")
    width = getattr(config, "projection_dim", 0) or getattr(config, "hidden_size", 0)
    layers = getattr(config, "num_hidden_layers", 0)
    size = sum(f.stat().st_size for f in weights)
    try:
        count = n_parameters(weights) if weights[0].suffix == ".safetensors" else None
    except (ValueError, KeyError, TypeError, OverflowError, MemoryError) as problem:
        raise refused(name, "damaged", problem=type(problem).__name__) from problem
    if count is None:  # PyTorch's own files do not list their shapes
        count = sum(p.numel() for p in load_encoder(folder, name).model.parameters())
    return EncoderInfo(name, config.model_type, width, layers, count, size)


def _cache_file(distinct: list[str], folder: Path) -> Path:
    digest = hashlib.sha256(f"{RECIPE} {fingerprint(folder)}".encode())
    for text in distinct:
        digest.update(b"\0" + text.encode())
    root = Path(os.environ.get("RECLENS_CACHE", Path.home() / ".cache" / "reclens"))
    return root / "texts" / f"{digest.hexdigest()[:24]}.safetensors"


def _cached(file: Path) -> np.ndarray | None:
    """Stored vectors; None where there are none, or the file is damaged."""
    try:
        return load_tensors(file.read_bytes())["vectors"]
    except (OSError, SafetensorError, KeyError):
        return None


def _encode(texts: list[str], folder: Path, name: str, progress: Progress) -> np.ndarray:
    from recsys_core.models.encoder_model import load_encoder

    return batched_vectors(texts, load_encoder(folder, name), progress)


def batched_vectors(texts: list[str], encoder: TextEncoder, progress: Progress = silent) -> np.ndarray:
    """Vectors ``(n, width)`` of texts by a loaded encoder, those of equal length together: less padding."""
    order = np.argsort([len(t) for t in texts], kind="stable")
    out: list[np.ndarray] = [np.empty(0)] * len(texts)
    for start in range(0, len(texts), BATCH):
        rows = order[start : start + BATCH]
        for i, vector in zip(rows, encoder.vectors([texts[i] for i in rows]), strict=True):
            out[i] = vector
        progress("encoding texts", min(1.0, (start + BATCH) / len(texts)))
    return np.stack(out)
