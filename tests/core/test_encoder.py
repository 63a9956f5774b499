"""The pretrained text encoder: the published weights, the library's own vectors, the cache."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors
from test_training import two_tastes
from transformers import AutoTokenizer

from recsys_core.data.dataset import Dataset
from recsys_core.data.folder import sha256
from recsys_core.data.schema import Column, Schema
from recsys_core.errors import WorkspaceError
from recsys_core.models.encoder import encode_texts, encoder_info, resolve_encoder
from recsys_core.models.encoder_files import MINILM_SHA256
from recsys_core.models.fit import FitRequest, fit_workspace
from recsys_core.models.workspace import open_model

TEXTS = ["Waterproof trail running shoes", "Espresso machine", "", "Espresso machine", "Ein Buch über Züge"]


def test_weights_are_the_published_file():
    assert sha256(resolve_encoder() / "model.safetensors") == MINILM_SHA256


def test_vectors_equal_sentence_transformers(tmp_path):
    from sentence_transformers import SentenceTransformer

    found = encode_texts(TEXTS)
    expected = SentenceTransformer(str(resolve_encoder()), device="cpu").encode(TEXTS, normalize_embeddings=True)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    np.testing.assert_array_equal(found[1], found[3])
    assert len(list((tmp_path / "cache" / "texts").iterdir())) == 1
    np.testing.assert_array_equal(encode_texts(TEXTS), found)


def test_info_is_read_from_the_files():
    info = encoder_info()
    assert (info.family, info.width, info.n_layers) == ("bert", 384, 6)
    assert 22_000_000 < info.n_parameters < 23_000_000
    assert info.size_bytes > 4 * info.n_parameters


TINY = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 24}
FAMILIES: dict[str, Callable[[int], transformers.PreTrainedModel]] = {
    "bert": lambda n: transformers.BertModel(transformers.BertConfig(vocab_size=n, **TINY)),
    "distilbert": lambda n: transformers.DistilBertModel(
        transformers.DistilBertConfig(vocab_size=n, dim=16, n_layers=2, n_heads=2, hidden_dim=24)
    ),
    "gpt2": lambda n: transformers.GPT2Model(transformers.GPT2Config(vocab_size=n, n_embd=16, n_layer=2, n_head=2)),
    "llama": lambda n: transformers.LlamaModel(
        transformers.LlamaConfig(vocab_size=n, max_position_embeddings=12, **TINY)
    ),
    "dpr context": lambda n: transformers.DPRContextEncoder(transformers.DPRConfig(vocab_size=n, **TINY)),
    "dpr question": lambda n: transformers.DPRQuestionEncoder(
        transformers.DPRConfig(vocab_size=n, projection_dim=8, **TINY)
    ),
}


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("RECLENS_CACHE", str(tmp_path / "cache"))


def saved(folder: Path, family: str, seed: int = 0, **how: object) -> transformers.PreTrainedModel:
    """A checkpoint of random weights with MiniLM's word pieces; weights large enough for vectors to differ."""
    tokenizer = AutoTokenizer.from_pretrained(resolve_encoder())
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = FAMILIES[family](len(tokenizer)).eval()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.add_(0.3 * torch.randn_like(parameter))
    model.save_pretrained(folder, **how)
    tokenizer.save_pretrained(folder)
    return model


def alone(model: transformers.PreTrainedModel, text: str, pooling: str) -> np.ndarray:
    """The vector of a text on its own, without any padding, pooled by hand."""
    tokens = AutoTokenizer.from_pretrained(resolve_encoder())(text, return_tensors="pt", truncation=True, max_length=10)
    with torch.inference_mode():
        output = model(input_ids=tokens["input_ids"])
        if pooling == "pooler":
            vector = output.pooler_output[0]
        else:
            vector = output.last_hidden_state[0, -1] if pooling == "last" else output.last_hidden_state[0].mean(0)
    return (vector / vector.norm()).numpy()


POOLING = {"bert": "mean", "distilbert": "mean", "gpt2": "last", "llama": "last"}


@pytest.mark.parametrize("family", FAMILIES)
def test_each_family_keeps_its_weights_and_is_pooled_as_it_should(family, tmp_path):
    folder = tmp_path / "encoder"
    model = saved(folder, family)
    texts = TEXTS[:3] if family == "llama" else TEXTS  # it has twelve places, of which two are left free
    found = encode_texts(texts, name=str(folder))
    assert found.dtype == np.float32
    expected = np.stack([alone(model, text, POOLING.get(family, "pooler")) for text in texts])
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert np.abs(found[0] - found[1]).max() > 0.01
    shutil.rmtree(tmp_path / "cache")
    np.testing.assert_array_equal(encode_texts(texts, name=str(folder)), found)  # nothing is drawn anew on loading


@pytest.mark.parametrize("family", FAMILIES)
def test_info_counts_what_was_saved(family, tmp_path):
    model = saved(tmp_path, family)
    info = encoder_info(str(tmp_path))
    n_parameters = sum(p.numel() for p in model.parameters())
    assert (info.family, info.n_layers, info.n_parameters) == (model.config.model_type, 2, n_parameters)
    assert info.width == encode_texts(["a word"], name=str(tmp_path)).shape[1]
    assert info.size_bytes == (tmp_path / "model.safetensors").stat().st_size > 4 * n_parameters


def test_weights_trained_on_in_place_give_new_vectors(tmp_path):
    folder = tmp_path / "encoder"
    saved(folder, "bert", seed=0)
    first = encode_texts(TEXTS, name=str(folder))
    file, about = folder / "model.safetensors", (folder / "model.safetensors").stat()
    saved(folder, "bert", seed=1)
    assert file.stat().st_size == about.st_size, "only the content tells"
    second = encode_texts(TEXTS, name=str(folder))
    assert np.abs(first - second).max() > 0.1
    saved(folder, "bert", seed=0)
    np.testing.assert_array_equal(encode_texts(TEXTS, name=str(folder)), first)
    assert len(list((tmp_path / "cache" / "texts").iterdir())) == 2


@pytest.mark.parametrize("family", ["bert", "gpt2"])
def test_a_text_without_a_token_has_no_direction(family, tmp_path):
    """Tokenisers of decoders often add nothing to a text, so an empty title has no token at all."""
    folder = tmp_path / "encoder"
    saved(folder, family)
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer | {"post_processor": None}))
    about = json.loads((folder / "tokenizer_config.json").read_text())
    plain = about | {"tokenizer_class": "PreTrainedTokenizerFast"}  # adds nothing of its own
    (folder / "tokenizer_config.json").write_text(json.dumps(plain))
    length = np.linalg.norm(encode_texts(["", "a word", "two more words"], name=str(folder)), axis=1)
    np.testing.assert_allclose(length, [0, 1, 1], atol=1e-6)
    assert not encode_texts([""], name=str(folder)).any()


def test_another_vocabulary_is_another_encoder(tmp_path):
    folder = tmp_path / "encoder"
    saved(folder, "bert")
    first = encode_texts(["Espresso"], name=str(folder))
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    words = tokenizer["model"]["vocab"]
    pieces = [p for p in ("es", "##press", "##o") if p in words]
    words[pieces[0]], words["train"] = words["train"], words[pieces[0]]
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    assert np.abs(encode_texts(["Espresso"], name=str(folder)) - first).max() > 0.01


def test_a_damaged_cache_is_computed_again(tmp_path):
    saved(tmp_path / "encoder", "bert")
    first = encode_texts(TEXTS, name=str(tmp_path / "encoder"))
    (file,) = (tmp_path / "cache" / "texts").iterdir()
    file.write_bytes(file.read_bytes()[:40])
    np.testing.assert_array_equal(encode_texts(TEXTS, name=str(tmp_path / "encoder")), first)


def test_files_of_the_hub_are_counted_and_read(tmp_path, monkeypatch):
    import huggingface_hub

    root = tmp_path / "models--someone--tiny"
    folder = root / "snapshots" / ("c" * 40)
    model = saved(folder, "bert")
    (root / "refs").mkdir()
    (root / "refs" / "main").write_text("c" * 40)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    found = encoder_info("someone/tiny")
    assert (found.family, found.width, found.n_parameters) == ("bert", 16, sum(p.numel() for p in model.parameters()))
    assert found.size_bytes == (folder / "model.safetensors").stat().st_size
    assert encode_texts(["a"], name="someone/tiny").shape == (1, 16)


def truncate(folder: Path) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:5000])


def drop_layer(folder: Path) -> None:
    file = folder / "model.safetensors"
    tensors = load_tensors(file.read_bytes())
    kept = {name: x for name, x in tensors.items() if "layer.1." not in name}
    file.write_bytes(save_tensors(kept, metadata={"format": "pt"}))


def not_numbers(folder: Path) -> None:
    file = folder / "model.safetensors"
    tensors = {name: np.full_like(x, np.nan) for name, x in load_tensors(file.read_bytes()).items()}
    file.write_bytes(save_tensors(tensors, metadata={"format": "pt"}))


def encoder_and_decoder(folder: Path) -> None:
    transformers.T5Config(d_model=16, num_layers=1).save_pretrained(folder)


def dpr_reader(folder: Path) -> None:
    transformers.DPRReader(transformers.DPRConfig(vocab_size=99, **TINY)).save_pretrained(folder)


DAMAGE = {
    "damaged": [
        lambda f: (f / "config.json").write_text("{"),
        lambda f: (f / "config.json").unlink(),
        lambda f: (f / "config.json").write_text('{"model_type": "no such family"}'),
        lambda f: (f / "tokenizer.json").write_text("?"),
        truncate,
    ],
    "no_weights": [lambda f: (f / "model.safetensors").unlink()],
    "weights": [drop_layer],
    "not_finite": [not_numbers],
    "encoder_decoder": [encoder_and_decoder],
    "dpr": [dpr_reader],
}


@pytest.mark.parametrize(
    ("reason", "damage"), [(r, d) for r, some in DAMAGE.items() for d in some], ids=lambda x: getattr(x, "__name__", x)
)
def test_what_cannot_be_used_is_refused_before_training(reason, damage, tmp_path):
    folder = tmp_path / "encoder"
    saved(folder, "bert")
    damage(folder)
    stages: list[str] = []
    with pytest.raises(WorkspaceError) as caught:
        fit_workspace(
            with_titles(),
            tmp_path / "w",
            FitRequest(encoder=str(folder)),
            progress=lambda stage, share: stages.append(stage),
        )
    assert caught.value.key == "train.text_encoder"
    assert caught.value.values["reason"].key == f"reason.encoder.{reason}"
    assert (stages, "\n" in str(caught.value), (tmp_path / "w").exists()) == ([], False, False)


def with_titles() -> Dataset:
    data = two_tastes(n_users=12, n_items=30)
    schema = Schema(data.schema.users, (Column("title", "text"), *data.schema.items), data.schema.outcome)
    return Dataset(data.name, schema, data.users, data.items, data.interactions)


@pytest.mark.parametrize("name", ["no-such-encoder", "no/such", "./nowhere", "a/b/c", ""])
def test_unknown_encoder_is_named_before_training(tmp_path, monkeypatch, name):
    import huggingface_hub

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    for work in (encode_texts, encoder_info):
        with pytest.raises(WorkspaceError, match=f"text encoder {name}: neither a folder"):
            work(*([["a"]] if work is encode_texts else []), name=name)
    with pytest.raises(WorkspaceError, match="neither a folder"):
        fit_workspace(with_titles(), tmp_path / "w", FitRequest(encoder=name))
    assert not (tmp_path / "w").exists()


def test_data_without_texts_ask_for_no_encoder(tmp_path):
    fit_workspace(two_tastes(n_users=12), tmp_path / "w", FitRequest(encoder="no-such-encoder", epochs=1))
    encoder = open_model(tmp_path / "w").config["encoder"]
    assert (encoder["width"], encoder["n_parameters"], encoder["size_bytes"]) == (0, 0, 0)
