"""Width of a stored weight: half precision, or 8 and 4 bits on the quantised runtime."""

from __future__ import annotations

import torch

from recsys_core.compress.lever import Lever
from recsys_core.compress.onnx_runtime import OnnxScorer
from recsys_core.compress.quantize import pack_matrix, quantise_ranker, text_vectors, to_half_precision
from recsys_core.data.features import Features
from recsys_core.models.ranker import Ranker
from recsys_core.models.scorer import Scorer
from recsys_core.variant import ModelVariant


class Bits(Lever):
    """Weights and cached text vectors are rounded to ``bits``; the network keeps its shape."""

    name = "bits"

    def scorer(self, ranker: Ranker, features: Features, variant: ModelVariant) -> Scorer:
        bits, texts = variant.compression.bits, text_vectors(ranker, features)
        if bits == 16:
            cached = {key: x.half().float() for key, x in texts.items()}
            return Scorer(to_half_precision(ranker), features, variant=variant, cached=cached)
        cached = {key: torch.from_numpy(pack_matrix(x.numpy(), bits).unpack()) for key, x in texts.items()}
        return OnnxScorer(quantise_ranker(ranker, bits), features, variant=variant, cached=cached)


LEVER = Bits()
