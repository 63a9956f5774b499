"""Stored evaluation: a model's lists and pair scores on the test part, so that no page works them out again.

``evaluation.safetensors`` lies beside the model but is no part of it: its own stamp says which model and data it is of,
its own checksum that nothing in it has changed. Without it, or where it does not fit, the model opens as ever and its
lists are worked out anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
from dataclasses import astuple, replace
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors
from scipy.sparse import csr_array

from recsys_core.data.folder import atomic_write
from recsys_core.errors import Phrase, phrase
from recsys_core.models.evaluation import evaluate_test
from recsys_core.models.scorer import Scorer
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.progress import Progress, silent
from recsys_core.results import Evaluation, PairResult, RankingResult, UserSample

FORMAT = "reclens-evaluation-2"
FILE = "evaluation.safetensors"
OF_RANKING = ("user_index", "top", "ndcg", "recall", "n_distinct", "n_tied_out")
OF_PAIRS = ("user_index", "item_index", "label", "score")
SMALL = np.iinfo(np.int32).max
_log = logging.getLogger(__name__)


def stored_or_anew(
    scorer: Scorer,
    split_dataset: SplitDataset,
    *,
    folder: Path,
    fingerprint: str,
    name: str,
    progress: Progress = silent,
) -> Evaluation:
    """The evaluation of the model called ``name`` in ``folder``: as it was stored, or else worked out by ``scorer``.

    Where the file is missing, damaged or of another model, that is said in the log and in the evaluation (``anew``),
    and the new one is stored in its place; in a folder that cannot be written to it is worked out by every process.
    """
    found = load_evaluation(folder, fingerprint=fingerprint)
    if isinstance(found, Evaluation):
        return found
    anew = phrase("evaluation.anew", model=name, reason=found)
    _log.warning("%s", anew)
    made = evaluate_test(scorer, split_dataset, progress=progress)
    with contextlib.suppress(OSError):
        save_evaluation(folder, made, fingerprint=fingerprint)
    return replace(made, anew=anew)


def save_evaluation(folder: Path, evaluation: Evaluation, *, fingerprint: str) -> None:
    """Write the evaluation of the model in ``folder`` aside, then rename it; ``fingerprint`` stamps model and data."""
    arrays = _arrays(evaluation)
    about = {
        "format": FORMAT,
        "model": fingerprint,
        "k": evaluation.ranking.k,
        "n_items": evaluation.ranking.held_out.shape[1],
        "negatives": evaluation.pairs.negatives,
        "sample": None if evaluation.sample is None else astuple(evaluation.sample),
        "figures": {name: getattr(evaluation, name) for name in ("auc", "logloss", "rmse")},
        "types": {name: str(array.dtype) for name, array in arrays.items()},
    }
    stored = {name: _narrow(array) for name, array in arrays.items()}
    text = json.dumps(about, sort_keys=True)
    marks = {"about": text, "sha256": _digest(text, stored)}
    atomic_write(folder / FILE, save_tensors(stored, metadata=marks))


def load_evaluation(folder: Path, *, fingerprint: str) -> Evaluation | Phrase:
    """The stored evaluation of the model with this fingerprint, or why there is none to be trusted."""
    try:
        content = (folder / FILE).read_bytes()
    except OSError:
        return phrase("reason.missing")
    try:
        marks, stored = _metadata(content), load_tensors(content)
        about = json.loads(marks["about"])
        if about["format"] != FORMAT or marks["sha256"] != _digest(marks["about"], stored):
            return phrase("reason.changed")
        if about["model"] != fingerprint:
            return phrase("reason.other_model")
        return _evaluation(about, stored)
    except (SafetensorError, ValueError, KeyError, TypeError, AttributeError):
        return phrase("reason.unreadable")


def _arrays(evaluation: Evaluation) -> dict[str, np.ndarray]:
    ranking, pairs = evaluation.ranking, evaluation.pairs
    found = {f"ranking.{name}": getattr(ranking, name) for name in OF_RANKING}
    found |= {f"pairs.{name}": getattr(pairs, name) for name in OF_PAIRS}
    held_out = {"held_out.indices": ranking.held_out.indices, "held_out.indptr": ranking.held_out.indptr}
    return {name: array for name, array in (found | held_out).items() if array is not None}


def _narrow(array: np.ndarray) -> np.ndarray:
    """Whole numbers that fit in 32 bits take half the place."""
    fits = array.dtype == np.int64 and (not array.size or max(array.max(), -array.min()) <= SMALL)
    return np.ascontiguousarray(array.astype(np.int32) if fits else array)


def _evaluation(about: dict[str, Any], stored: dict[str, np.ndarray]) -> Evaluation:
    arrays = {name: array.astype(about["types"][name], copy=False) for name, array in stored.items()}
    indices, indptr = arrays["held_out.indices"], arrays["held_out.indptr"]
    shape = (len(indptr) - 1, about["n_items"])
    held_out = csr_array((np.ones(len(indices), dtype=bool), indices, indptr), shape=shape)
    of_ranking = {name: arrays.get(f"ranking.{name}") for name in OF_RANKING}
    of_pairs = {name: arrays[f"pairs.{name}"] for name in OF_PAIRS}
    ranking = RankingResult(k=about["k"], held_out=held_out, **of_ranking)  # type: ignore[arg-type]
    sample = UserSample(*about["sample"]) if about["sample"] else None
    pairs = PairResult(**of_pairs, negatives=about["negatives"])
    return Evaluation(ranking, pairs, **about["figures"], sample=sample)


def _digest(about: str, stored: dict[str, np.ndarray]) -> str:
    """SHA-256 of what a file says of itself and of every array in it."""
    digest = hashlib.sha256(about.encode())
    for name in sorted(stored):
        digest.update(json.dumps([name, str(stored[name].dtype), stored[name].shape]).encode())
        digest.update(np.ascontiguousarray(stored[name]).data)
    return digest.hexdigest()


def _metadata(content: bytes) -> dict[str, str]:
    """The texts beside the arrays: a safetensors file begins with the length of its header, which is JSON."""
    length = int.from_bytes(content[:8], "little")
    return json.loads(content[8 : 8 + length])["__metadata__"]
