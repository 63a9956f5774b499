"""ONNX Runtime for quantised variants: small graphs over the packed weights, built in milliseconds.

Weights have 8 or 4 bits, activations stay in single precision. ONNX Runtime's *dynamic* int8 is
not used: it takes the activations' scale from the whole batch, so that a pair's score would
depend on its neighbours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor

from recsys_core.compress.quantize import BLOCK, FullMatrix, PackedMatrix, QuantisedRanker
from recsys_core.data.features import FeatureGroup, Features
from recsys_core.models.ranker import EMPTY, Layer
from recsys_core.models.scorer import Scorer
from recsys_core.variant import ModelVariant

CONTRIB = "com.microsoft"
OPSETS = (("", 17), (CONTRIB, 1))
IR_VERSION = 9
FULL_PRECISION = 1  # MatMulNBits' accuracy_level at which activations are float32
THREADS = 1  # more only help beyond a thousand rows, and stall where another process wants the core
MOST_ROWS = {
    "pairs": 1024,
    "catalogue": 8192,
    "tail": 8192,
}  # of one call: its working memory stays in a processor's cache


class OnnxRuntime:
    """Attention and tail of a quantised ranker, on the protocol of ``models.scorer.Runtime``.

    Parameters
    ----------
    quantised
        The ranker and its packed matrices.
    unpacked
        Unpack the weights once, when the graph is built (default), or leave them packed in
        memory and let ``MatMulNBits`` unpack them in every call. Both give the same scores;
        the second needs less memory. The bare graph of one pair is a third slower packed at
        8 bits and level at 4; end to end, and at 256 rows, the two differ by less than the
        noise (``benchmarks/compress.py`` prints both).
    """

    def __init__(self, quantised: QuantisedRanker, *, unpacked: bool = True, threads: int = THREADS) -> None:
        attention = quantised.ranker.adapter.attention
        self.quantised = quantised
        self.recency = attention.recency.detach().numpy()
        self.empty_logit = attention.empty_logit.detach().numpy()
        self.empty_row = empty_row(quantised)
        self.history_session = _history_graph(quantised, unpacked).session(threads)
        self.tail_session = _tail_graph(quantised, unpacked).session(threads)

    def history_part(self, query: Tensor, keys: Tensor, values: Tensor, absent: Tensor) -> Tensor:
        """Attention's share of the first layer: shapes of ``HistoryAttention.forward`` -> (..., n, first)."""
        lead = torch.broadcast_shapes(query.shape[:-2], keys.shape[:-2], absent.shape[:-2])
        memory = np.concatenate([values.numpy(), keys.numpy()], -1)
        slot = np.broadcast_to(self.empty_row, (*memory.shape[:-2], 1, memory.shape[-1]))
        bias = absent.numpy() + self.recency[: keys.shape[-2]]
        last = np.broadcast_to(self.empty_logit, (*bias.shape[:-1], 1))
        feed = {
            "query": query.numpy(),
            "memory": np.concatenate([memory, slot], -2),
            "bias": np.concatenate([bias, last], -1),
        }
        part = self.history_session.run(None, {name: _three(x, lead) for name, x in feed.items()})[0]
        return torch.from_numpy(part).reshape(*lead, *part.shape[1:])

    def tail(self, pre: Tensor) -> Tensor:
        """First-layer sums ``(..., first)``, not changed -> logits ``(...)``."""
        flat, step = pre.reshape(-1, pre.shape[-1]).numpy(), MOST_ROWS["tail"]
        parts = [self.tail_session.run(None, {"pre": flat[i : i + step]})[0] for i in range(0, len(flat) or 1, step)]
        return torch.from_numpy(parts[0] if len(parts) == 1 else np.concatenate(parts)).reshape(pre.shape[:-1])


class OnnxScorer(Scorer):
    """A quantised variant's scorer: pairs and catalogues are one graph, from indices to logits.

    The graph holds the items' parts and looks them up itself; besides saving a dozen calls
    this keeps a batch of pairs out of PyTorch altogether. ``runtime`` serves explanations.
    """

    def __init__(
        self,
        quantised: QuantisedRanker,
        features: Features,
        *,
        variant: ModelVariant,
        cached: dict[str, Tensor] | None = None,
        store: Callable[[FeatureGroup, Tensor], Tensor] | None = None,
        unpacked: bool = True,
    ) -> None:
        runtime = OnnxRuntime(quantised, unpacked=unpacked)
        super().__init__(quantised.ranker, features, variant=variant, runtime=runtime, cached=cached, store=store)
        self._quantised, self._unpacked = quantised, unpacked
        self._recency = np.concatenate([np.zeros(1, np.float32), runtime.recency])  # the empty slot has none
        self._session = _score_graph(quantised, self, unpacked).session(THREADS)

    def with_features(self, features: Features, *, edited: Mapping[str, np.ndarray] | None = None) -> OnnxScorer:
        """As `Scorer.with_features`; the graph, which holds the items' parts, is made anew where an item changed."""
        other = super().with_features(features, edited=edited)
        return other if other.item_base is self.item_base else other._with_graph()

    def take(self, users: np.ndarray, items: np.ndarray | None = None) -> OnnxScorer:
        """As `Scorer.take`, with a graph of these items."""
        few = super().take(users, items)
        return few if items is None else few._with_graph()

    def _with_graph(self) -> OnnxScorer:
        self._session = _score_graph(self._quantised, self, self._unpacked).session(THREADS)
        return self

    def _pairs(self, users: np.ndarray, items: np.ndarray, histories: np.ndarray) -> np.ndarray:
        out, step = np.empty(len(items), dtype=np.float32), MOST_ROWS["pairs"]
        for rows in (slice(start, start + step) for start in range(0, len(items), step)):
            out[rows] = self._score(users[rows], items[rows, None], histories[rows])[:, 0]
        return out

    def _some(self, user: int, items: np.ndarray, history: np.ndarray) -> np.ndarray:
        return self._score(np.array([user]), items[None], np.atleast_2d(history))[0]

    def _catalogue(self, users: np.ndarray, histories: np.ndarray) -> np.ndarray:
        every, step = np.arange(self.n_items)[None], max(1, MOST_ROWS["catalogue"] // self.n_items)
        starts = range(0, len(users), step)
        return np.concatenate([self._score(users[i : i + step], every, histories[i : i + step]) for i in starts])

    def _score(self, users: np.ndarray, items: np.ndarray, histories: np.ndarray) -> np.ndarray:
        """Logits ``(b, n)`` of items ``(b or 1, n)`` for users ``(b,)`` with histories ``(b, L)``."""
        slots = self._slots(histories)
        feed = {
            "user": self.user_base(users).unsqueeze(1).numpy(),
            "items": np.ascontiguousarray(items, dtype=np.int64),
            "slots": slots,
            "recency": self._recency[: slots.shape[1]],
        }
        return self._session.run(None, feed)[0][..., 0]

    def _slots(self, histories: np.ndarray) -> np.ndarray:
        """Rows of the graph's memory ``(b, 1 + L)``: the empty slot first; -1 is its last row, an absent item."""
        used = histories.shape[1]
        if used > 1 and histories[:, -1].max(initial=-1) < 0:
            used = max(1, int((histories >= 0).sum(1).max(initial=0)))
        slots = np.empty((len(histories), used + 1), dtype=np.int64)
        slots[:, 0], slots[:, 1:] = self.n_items, histories[:, :used]
        return slots


@dataclass(eq=False)
class _Graph:
    """Collects the nodes and weights of one graph; the methods return the name of what they add."""

    unpacked: bool
    inputs: dict[str, tuple[int, Sequence[str | int]]]
    output: tuple[str, Sequence[str | int]]
    nodes: list = field(default_factory=list)
    weights: list = field(default_factory=list)

    def add(self, operator: str, *inputs: str, output: str = "", **attributes: object) -> str:
        output = output or f"{operator}.{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [output], **attributes))
        return output

    def weight(self, name: str, values: np.ndarray | Tensor) -> str:
        values = values.detach().numpy() if isinstance(values, Tensor) else values
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def linear(self, x: str, name: str, matrix: PackedMatrix | FullMatrix, output: str = "") -> str:
        """``x @ matrix.T``."""
        if self.unpacked or isinstance(matrix, FullMatrix):
            return self.add("MatMul", x, self.weight(name, matrix.unpack().T), output=output)
        inputs = (x, self.weight(f"{name}.codes", matrix.codes), self.weight(f"{name}.scales", matrix.scales))
        layout = {"K": matrix.n_columns, "N": len(matrix.codes), "bits": matrix.bits, "block_size": BLOCK}
        return self.add("MatMulNBits", *inputs, output=output, domain=CONTRIB, accuracy_level=FULL_PRECISION, **layout)

    def session(self, threads: int) -> onnxruntime.InferenceSession:
        described = [helper.make_tensor_value_info(n, kind, list(shape)) for n, (kind, shape) in self.inputs.items()]
        result = helper.make_tensor_value_info(self.output[0], TensorProto.FLOAT, list(self.output[1]))
        graph = helper.make_graph(self.nodes, "ranker", described, [result], self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid(*o) for o in OPSETS], ir_version=IR_VERSION)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False  # it never gives back what the largest catalogue pass took
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def empty_row(quantised: QuantisedRanker) -> np.ndarray:
    """The learned empty slot as one more row of the memory: its value beside a key of zeros ``(2a,)``."""
    value = quantised.ranker.adapter.attention.empty_value.detach().numpy()
    return np.concatenate([value, np.zeros_like(value)])


def _history_graph(quantised: QuantisedRanker, unpacked: bool) -> _Graph:
    a = quantised.ranker.shape.attention
    inputs = {"query": ("q", "n", a), "memory": ("b", "slots", 2 * a), "bias": ("c", "m", "slots")}
    graph = _Graph(unpacked, _floats(inputs), ("part", ("b", "n", "first")))
    _attend(graph, quantised, "query", "memory", "bias", output="part")
    return graph


def _tail_graph(quantised: QuantisedRanker, unpacked: bool) -> _Graph:
    graph = _Graph(unpacked, _floats({"pre": ("n", "first")}), ("logit", ("n", 1)))
    _tail(graph, quantised, "pre", output="logit")
    return graph


def _score_graph(quantised: QuantisedRanker, scorer: Scorer, unpacked: bool) -> _Graph:
    """Logits (b, n, 1) from the users' part (b, 1, first), items (b or 1, n) and memory rows (b, slots).

    The memory has a row an item, one for the empty slot, and one for "absent".
    """
    inputs = {"items": (TensorProto.INT64, ("q", "n")), "slots": (TensorProto.INT64, ("b", "slots"))}
    floats = _floats({"user": ("b", 1, "first"), "recency": ("slots",)})
    graph = _Graph(unpacked, inputs | floats, ("logit", ("b", "n", 1)))
    rows = np.concatenate([scorer.item_value.numpy(), scorer.item_key.numpy()], -1)
    slot = empty_row(quantised)
    memory = graph.weight("memory", np.concatenate([rows, slot[None], np.zeros_like(slot)[None]]))
    empty_logit = float(quantised.ranker.adapter.attention.empty_logit.detach())
    bias = graph.weight("bias", np.array([0.0] * len(rows) + [empty_logit, EMPTY], dtype=np.float32))
    query = graph.add("Gather", graph.weight("item_query", scorer.item_query), "items")
    item = graph.add("Gather", graph.weight("item_base", scorer.item_base), "items")
    past = graph.add("Gather", memory, "slots")
    axis = graph.weight("axis", np.array([1], dtype=np.int64))
    bias = graph.add("Unsqueeze", graph.add("Add", graph.add("Gather", bias, "slots"), "recency"), axis)
    part = _attend(graph, quantised, query, past, bias)
    _tail(graph, quantised, graph.add("Add", graph.add("Add", part, item), "user"), output="logit")
    return graph


def _attend(graph: _Graph, quantised: QuantisedRanker, query: str, memory: str, bias: str, output: str = "") -> str:
    """``HistoryAttention`` and its share of the first layer, over memory rows ``[value, key]``.

    With ``[0, query]`` against such rows the values drop out of the logits; one product then
    pools both halves, and ``[1, query]`` times that is the attention's output.
    """
    a = quantised.ranker.shape.attention
    pads = graph.weight("pads", np.array([0, 0, a, 0, 0, 0], dtype=np.int64))
    ones = graph.weight("ones", np.repeat(np.array([1, 0], dtype=np.float32), a))
    wide = graph.add("Pad", query, pads)
    scale = quantised.ranker.adapter.attention.scale
    logits = graph.add("FusedMatMul", wide, memory, domain=CONTRIB, transB=1, alpha=scale)
    weight = graph.add("Softmax", graph.add("Add", logits, bias), axis=-1)
    pooled = graph.add("Mul", graph.add("MatMul", weight, memory), graph.add("Add", wide, ones))
    return graph.linear(pooled, "first.history", quantised.packed["first.history"], output)


def _tail(graph: _Graph, quantised: QuantisedRanker, pre: str, output: str) -> None:
    """Every layer behind the sums of parts; the head, which ends it, has a bias."""
    *hidden, head = quantised.ranker.layers()[1:]
    x = pre
    for layer in hidden:
        x = _layer(graph, layer, x, quantised.packed[layer.name])
    _layer(graph, head, x, quantised.packed[head.name], output=output)


def _layer(graph: _Graph, layer: Layer, x: str, matrix: PackedMatrix | FullMatrix, output: str = "") -> str:
    x = graph.add("Relu", x) if layer.rectified else x
    if layer.linear.bias is None:
        return graph.linear(x, layer.name, matrix, output)
    return graph.add(
        "Add", graph.linear(x, layer.name, matrix), graph.weight(f"{layer.name}.bias", layer.linear.bias), output=output
    )


def _floats(shapes: dict[str, tuple]) -> dict[str, tuple]:
    return {name: (TensorProto.FLOAT, shape) for name, shape in shapes.items()}


def _three(x: np.ndarray, lead: torch.Size) -> np.ndarray:
    """An input with three axes: leading ones are joined, and spread first where there are several."""
    if x.ndim > 3 or len(lead) > 1:
        x = np.broadcast_to(x, (*lead, *x.shape[-2:])).reshape(-1, *x.shape[-2:])
    return np.ascontiguousarray(x if x.ndim == 3 else x[None])
