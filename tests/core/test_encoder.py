"""The pretrained text encoder: the published weights, the library's own vectors, the cache."""

from __future__ import annotations

import numpy as np
import pytest

from recsys_core.data.folder import sha256
from recsys_core.errors import WorkspaceError
from recsys_core.models.encoder import MINILM_SHA256, encode_texts, encoder_info, resolve_encoder

TEXTS = ["Waterproof trail running shoes", "Espresso machine", "", "Espresso machine", "Ein Buch über Züge"]


def test_weights_are_the_published_file():
    assert sha256(resolve_encoder() / "model.safetensors") == MINILM_SHA256


def test_vectors_equal_sentence_transformers(tmp_path, monkeypatch):
    from sentence_transformers import SentenceTransformer

    monkeypatch.setenv("RECLENS_CACHE", str(tmp_path))
    found = encode_texts(TEXTS)
    expected = SentenceTransformer(str(resolve_encoder()), device="cpu").encode(TEXTS, normalize_embeddings=True)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    np.testing.assert_array_equal(found[1], found[3])
    assert len(list((tmp_path / "texts").iterdir())) == 1
    np.testing.assert_array_equal(encode_texts(TEXTS), found)


def test_info_is_read_from_the_files():
    info = encoder_info()
    assert (info.family, info.width, info.n_layers) == ("bert", 384, 6)
    assert 22_000_000 < info.n_parameters < 23_000_000
    assert info.size_bytes > 4 * info.n_parameters


def test_unknown_encoder_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("RECLENS_CACHE", str(tmp_path))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(WorkspaceError, match="no-such-encoder"):
        encode_texts(["a"], name="no-such-encoder")
