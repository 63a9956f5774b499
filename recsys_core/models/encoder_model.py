"""Text encoder in memory: the class that its weights were saved from, and the pooling of its family."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from recsys_core.errors import WorkspaceError
from recsys_core.models.encoder_files import refused, tensor_names, weight_files

if TYPE_CHECKING:
    from transformers import PretrainedConfig, PreTrainedTokenizerBase
    from transformers.utils import ModelOutput

LONGEST = 256  # tokens
DPR = {"ctx_encoder": "DPRContextEncoder", "question_encoder": "DPRQuestionEncoder"}


@dataclass(frozen=True, slots=True, eq=False)
class TextEncoder:
    """A loaded encoder; ``pooling`` is ``mean`` over the tokens, ``last`` token, or the model's own ``pooler``."""

    tokenizer: PreTrainedTokenizerBase
    model: torch.nn.Module
    pooling: str
    longest: int

    @torch.inference_mode()
    def vectors(self, texts: list[str]) -> np.ndarray:
        """Vectors of unit length ``(n, width)`` float32; zeros for a text without a token."""
        batch = self.tokenizer(texts, padding=True, truncation=True, max_length=self.longest, return_tensors="pt")
        mask = batch["attention_mask"].long()
        if not mask.any():
            return np.zeros((len(texts), self.model.config.hidden_size), dtype=np.float32)
        pooled = self._pool(self.model(input_ids=batch["input_ids"].long(), attention_mask=mask), mask)
        return torch.nn.functional.normalize(pooled.float(), dim=1).numpy()

    def _pool(self, output: ModelOutput, mask: Tensor) -> Tensor:
        if self.pooling == "pooler":
            return output.pooler_output
        hidden = output.last_hidden_state
        if self.pooling == "last":
            n_tokens = mask.sum(1)
            return hidden[torch.arange(len(hidden)), n_tokens.clamp(min=1) - 1] * (n_tokens > 0).unsqueeze(1)
        weight = mask.unsqueeze(-1).to(hidden.dtype)
        return (hidden * weight).sum(1) / weight.sum(1).clamp(min=1)


def read_config(folder: Path, name: str) -> PretrainedConfig:
    """The encoder's configuration; ``WorkspaceError`` where it is damaged, or its kind gives no vector of a text."""
    from transformers import AutoConfig

    try:
        config = AutoConfig.from_pretrained(folder)
    except Exception as problem:  # the library raises whatever the damage led to
        raise refused(name, "damaged", problem=_said(problem)) from problem
    if config.is_encoder_decoder:
        raise refused(name, "encoder_decoder", family=config.model_type)
    if config.model_type == "dpr":
        _dpr_class(config, folder, name)
    return config


def load_encoder(folder: Path, name: str) -> TextEncoder:
    """Load and try out on a word; ``WorkspaceError`` (``train.text_encoder``) for whatever cannot be used."""
    from transformers import AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()
    config = read_config(folder, name)
    before = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder)
        model, found = _model_class(config, folder, name).from_pretrained(folder, output_loading_info=True)
        encoder = TextEncoder(_padded_right(tokenizer), model.eval(), pooling_of(config), _longest(tokenizer, config))
        tried = encoder.vectors(["word"])
    except WorkspaceError:
        raise
    except Exception as problem:  # the library raises whatever the damage led to
        raise refused(name, "damaged", problem=_said(problem)) from problem
    finally:
        logging.set_verbosity(before)
    drawn = sorted(key for key in found["missing_keys"] if "pooler" not in key)  # a pooler is used by DPR alone
    if drawn:
        raise refused(name, "weights", weights=drawn[0])
    if not np.isfinite(tried).all():
        raise refused(name, "not_finite")
    return encoder


def pooling_of(config: PretrainedConfig) -> str:
    """``pooler`` for DPR, ``last`` for decoders, whose last state alone has seen all of a text, ``mean`` for encoders.

    A decoder is a family that the library has as a causal language model and not as a masked one
    (GPT, Llama, OPT, Qwen …), or a configuration that says ``is_decoder``.
    """
    from transformers.models.auto.modeling_auto import (
        MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
        MODEL_FOR_MASKED_LM_MAPPING_NAMES,
    )

    family = config.model_type
    if family == "dpr":
        return "pooler"
    causal = family in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES and family not in MODEL_FOR_MASKED_LM_MAPPING_NAMES
    return "last" if causal or getattr(config, "is_decoder", False) else "mean"


def _model_class(config: PretrainedConfig, folder: Path, name: str) -> Any:
    import transformers

    if config.model_type == "dpr":
        return getattr(transformers, _dpr_class(config, folder, name))
    return transformers.AutoModel


def _dpr_class(config: PretrainedConfig, folder: Path, name: str) -> str:
    """The class that the weights were saved from: the library alone would take any of them for a question encoder."""
    names = tensor_names(weight_files(folder))
    said = {*(config.architectures or ()), *(DPR[p] for p in DPR if any(n.startswith(f"{p}.") for n in names))}
    found = [c for c in DPR.values() if c in said]
    if len(found) != 1:
        raise refused(name, "dpr")
    return found[0]


def _padded_right(tokenizer: PreTrainedTokenizerBase) -> PreTrainedTokenizerBase:
    """Padding behind the text, by any token: it is masked."""
    tokenizer.padding_side = "right"
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.convert_ids_to_tokens(0)
    return tokenizer


def _longest(tokenizer: PreTrainedTokenizerBase, config: PretrainedConfig) -> int:
    places = getattr(config, "max_position_embeddings", None) or LONGEST + 2
    return max(1, min(LONGEST, tokenizer.model_max_length, places - 2))  # some families number places from 2


def _said(problem: Exception) -> str:
    return f"{type(problem).__name__}: {(str(problem).splitlines() or [''])[0][:80]}"
