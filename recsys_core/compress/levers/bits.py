"""Width of a stored weight: half precision, or 8 and 4 bits on the quantised runtime.

The item-item term's entries have the width of the network's weights, but 8 bits at least: they stand
outside the network, where no layer behind them evens out what rounding does.
"""

from __future__ import annotations

import torch
from torch import Tensor

from recsys_core.compress.lever import Lever
from recsys_core.compress.onnx_runtime import OnnxScorer
from recsys_core.compress.quantize import pack_matrix, quantise_ranker, text_vectors, to_half_precision
from recsys_core.data.features import FeatureGroup, Features
from recsys_core.models.item_item import ItemItemTerm
from recsys_core.models.ranker import Ranker
from recsys_core.models.scorer import Scorer
from recsys_core.variant import Compression, ModelVariant

LEAST_BITS = 8  # of an entry of the item-item term


class Bits(Lever):
    """Weights, cached text vectors and the item-item term are rounded to ``bits``; the network keeps its shape."""

    name = "bits"

    def scorer(self, ranker: Ranker, features: Features, variant: ModelVariant) -> Scorer:
        bits = variant.compression.bits

        def rounded(texts: Tensor) -> Tensor:
            return texts.half().float() if bits == 16 else torch.from_numpy(pack_matrix(texts.numpy(), bits).unpack())

        def store(group: FeatureGroup, encoded: Tensor) -> Tensor:
            """An edited text as it would be stored: by the projection that is not rounded itself."""
            return rounded(ranker.adapter.embed(group, encoded))

        cached = {key: rounded(texts) for key, texts in text_vectors(ranker, features).items()}
        if bits == 16:
            return Scorer(to_half_precision(ranker), features, variant=variant, cached=cached, store=store)
        return OnnxScorer(quantise_ranker(ranker, bits), features, variant=variant, cached=cached, store=store)

    def term(self, term: ItemItemTerm, compression: Compression) -> ItemItemTerm:
        return term.stored(max(compression.bits, LEAST_BITS))


LEVER = Bits()
