"""Vectors of texts that are made up while somebody looks on: the encoder stays loaded, what it said is kept."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from recsys_core.models.encoder import batched_vectors
from recsys_core.models.encoder_files import MINILM, resolve_encoder
from recsys_core.progress import Progress, silent

if TYPE_CHECKING:
    from recsys_core.models.encoder_model import TextEncoder

MOST = 20_000  # texts kept: 31 MB at 384 numbers


class TextVectors:
    """The vectors of a model's encoder, on the protocol of `recsys_core.models.edited_rows.Encode`.

    `recsys_core.models.encoder.encode_texts` keeps whole columns on disk and loads the encoder each time; here single
    texts are kept in memory, at most ``most``. Safe to share by threads.

    Attributes
    ----------
    n_encoded
        Texts that the encoder has read so far.
    """

    def __init__(self, name: str = MINILM, most: int = MOST) -> None:
        self.name, self.most, self.n_encoded = name, most, 0
        self._kept: OrderedDict[str, np.ndarray] = OrderedDict()
        self._encoder: TextEncoder | None = None
        self._lock = Lock()

    def __call__(self, texts: list[str], progress: Progress = silent) -> np.ndarray:
        """Vectors ``(n, width)`` float32. Raises ``WorkspaceError`` (``train.text_encoder``), see `encode_texts`."""
        with self._lock:
            new = sorted({text for text in texts if text not in self._kept})
            if new:
                vectors = batched_vectors(new, self._loaded(), progress)
                self._kept.update(zip(new, vectors, strict=True))
                self.n_encoded += len(new)
            found = np.stack([self._kept[text] for text in texts])
            for text in texts:
                self._kept.move_to_end(text)
            while len(self._kept) > self.most:
                self._kept.popitem(last=False)
        return found

    def _loaded(self) -> TextEncoder:
        if self._encoder is None:
            from recsys_core.models.encoder_model import load_encoder

            self._encoder = load_encoder(resolve_encoder(self.name), self.name)
        return self._encoder
