"""Students on disk: the trained body and head of a reduced ranker, one checked safetensors file each."""

from __future__ import annotations

import contextlib
import copy
import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as save_tensors
from torch import Tensor

from recsys_core.data.folder import atomic_write
from recsys_core.errors import WorkspaceError
from recsys_core.models.ranker import Ranker
from recsys_core.variant import Compression

FORMAT = "reclens-student-1"


class StudentCache:
    """Trained students in a folder, stamped with what they were made from.

    A file with another stamp (another model, other settings) counts as missing. One that
    cannot be read, or whose content is not what was written, raises ``WorkspaceError``
    (``workspace.damaged``): it is neither trusted nor silently replaced.
    """

    def __init__(self, folder: Path, stamp: str) -> None:
        self.folder, self.stamp = Path(folder), stamp

    def file(self, compression: Compression) -> Path:
        """Where a variant's student lies; the width of bits plays no part in it."""
        return self.folder / f"{compression.weights.key}.safetensors"

    def remember(self, compression: Compression, skeleton: Ranker, train: Callable[[], Ranker]) -> Ranker:
        """The stored student, or a freshly trained one that is stored from now on."""
        student = self.load(compression, skeleton)
        if student is None:
            student = train()
            self.save(compression, student)
        return student

    def load(self, compression: Compression, skeleton: Ranker) -> Ranker | None:
        """The stored student, or None where there is none.

        ``skeleton`` has the student's shape and the adapter that it works on; its body and head may hold anything.
        """
        file = self.file(compression)
        if not file.is_file():
            return None
        try:
            with safe_open(file, "numpy") as stored:
                about = stored.metadata() or {}
                tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118 - no mapping
            if about["digest"] != _digest(about["stamp"], tensors):
                raise ValueError("its content is not what was written")
            if about["stamp"] != self.stamp:
                return None
            return _with_body(skeleton, {name: torch.from_numpy(x) for name, x in tensors.items()})
        except (SafetensorError, OSError, ValueError, KeyError, RuntimeError) as problem:
            reason = (str(problem) or type(problem).__name__).splitlines()[0][:80]
            raise WorkspaceError("workspace.damaged", path=self.folder, file=file.name, reason=reason) from None

    def save(self, compression: Compression, student: Ranker) -> None:
        """Write aside, then rename; the adapter is the dense model's and is left out."""
        tensors = {name: x.numpy() for name, x in student.state_dict().items() if not name.startswith("adapter.")}
        about = {"stamp": self.stamp, "digest": _digest(self.stamp, tensors)}
        with contextlib.suppress(OSError):  # a workspace that cannot be written to is slower, not broken
            self.folder.mkdir(exist_ok=True)
            atomic_write(self.file(compression), save_tensors(tensors, metadata=about))


def _with_body(skeleton: Ranker, state: dict[str, Tensor]) -> Ranker:
    """A copy of the skeleton with the stored body and head."""
    student = copy.deepcopy(skeleton)
    adapter = {name: x for name, x in skeleton.state_dict().items() if name.startswith("adapter.")}
    student.load_state_dict(adapter | state)
    return student.requires_grad_(False)


def _digest(stamp: str, tensors: dict[str, np.ndarray]) -> str:
    """SHA-256 over format, stamp, names, shapes and values."""
    digest = hashlib.sha256(f"{FORMAT} {stamp}".encode())
    for name in sorted(tensors):
        digest.update(f"{name} {tensors[name].dtype} {tensors[name].shape}".encode() + tensors[name].tobytes())
    return digest.hexdigest()
