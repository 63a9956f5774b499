"""Scorer: one variant of the ranker, factorised so that a whole catalogue is a few matrix products.

``logit = tail(user_base + item_base + history_part)``: the three summands are the first body
layer's linear parts. A masked evaluation (explanations) sums other parts and calls the same
``history_part`` and ``tail`` on the same runtime, so a pair has one score everywhere.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from recsys_core.data.features import FeatureGroup, Features
from recsys_core.data.known import Positives
from recsys_core.models.changed_rows import changed_rows, replaced_rows
from recsys_core.models.item_item import ItemItemTerm
from recsys_core.models.ranker import EMPTY, Ranker, concatenate, encoded_tensors
from recsys_core.variant import DENSE, Compression, ModelVariant

NO_ROWS = np.zeros(0, dtype=np.int64)
CHUNK_FLOATS = 24_000_000  # of all users' parts that are kept
BLOCK_FLOATS, BLOCK_USERS = 2_000_000, 16  # a catalogue pass in pieces that stay in a processor's cache: twice as fast


class Runtime(Protocol):
    """Who computes the non-linear parts: PyTorch, or ONNX Runtime for quantised variants."""

    def history_part(self, query: Tensor, keys: Tensor, values: Tensor, absent: Tensor) -> Tensor: ...

    def tail(self, pre: Tensor) -> Tensor: ...


class TorchRuntime:
    """The body's and the attention's weights, computed in single precision by PyTorch."""

    def __init__(self, ranker: Ranker) -> None:
        self.attention = ranker.adapter.attention
        self.of_history = ranker.split_first()[2].detach().contiguous()
        self.layers = ranker.layers()[1:]

    @torch.inference_mode()
    def history_part(self, query: Tensor, keys: Tensor, values: Tensor, absent: Tensor) -> Tensor:
        """Attention's share of the first layer: shapes of ``HistoryAttention.forward`` -> (..., n, first)."""
        return F.linear(self.attention(query, keys, values, absent), self.of_history)

    @torch.inference_mode()
    def tail(self, pre: Tensor) -> Tensor:
        """Sums of parts ``(..., n_sums)``, not changed -> logits ``(...)``."""
        hidden = pre
        for layer in self.layers:
            if layer.rectified:
                hidden = torch.relu(hidden) if hidden is pre else hidden.relu_()
            hidden = F.linear(hidden, layer.linear.weight, layer.linear.bias)
        return hidden.squeeze(-1)


@dataclass(frozen=True, slots=True, eq=False)
class HistoryVectors:
    """Keys and values (b, L, a) of histories, with the additive mask (b, 1, L); newest first."""

    keys: Tensor
    values: Tensor
    absent: Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """User-item pairs with what each is scored with: ``users`` and ``items`` (n,), ``histories`` (n, L).

    ``known`` holds all positives of each pair's moment, of which the history is the newest; None where no model asks.
    """

    users: np.ndarray
    items: np.ndarray
    histories: np.ndarray
    known: Positives | None = None

    def __len__(self) -> int:
        return len(self.users)

    def __getitem__(self, rows: slice | np.ndarray) -> Pairs:
        known = None if self.known is None else self.known[rows]
        return Pairs(self.users[rows], self.items[rows], self.histories[rows], known)


class Scorer:
    """Scores pairs and catalogues for one variant; nothing in it changes after construction.

    Parameters
    ----------
    ranker
        The variant's network in evaluation mode.
    features
        Encoded user and item tables; players are its groups and the history.
    term
        What the items already taken add outside the network (`recsys_core.models.item_item`), None for nothing.
    runtime
        Computes attention and tail; PyTorch if None.
    cached
        Stored vectors ``(n_rows, width)`` of text groups of either side, where the variant stores them
        (quantised); else the projection is computed here.
    store
        Makes a stored vector ``(n, width)`` of a text group's encoder vectors, for texts that are not ``cached``
        yet (`with_features`); the ranker's own projection if None.
    """

    def __init__(
        self,
        ranker: Ranker,
        features: Features,
        *,
        term: ItemItemTerm | None = None,
        variant: ModelVariant = DENSE,
        runtime: Runtime | None = None,
        cached: dict[str, Tensor] | None = None,
        store: Callable[[FeatureGroup, Tensor], Tensor] | None = None,
    ) -> None:
        self.ranker, self.features, self.term, self.variant = ranker.eval(), features, term, variant
        self.runtime = runtime or TorchRuntime(ranker)
        self.cached, self._store = cached or {}, store or ranker.adapter.embed
        self.encoded = encoded_tensors(features)
        self.n_items = features.n_items
        self._sums, self._widest = ranker.layers()[0].linear, max(x.linear.out_features for x in ranker.layers())
        self._of_user = ranker.split_first()[0].detach().contiguous()
        parts = self._item_parts(torch.arange(features.n_items))
        self.item_base, self.item_query, self.item_key, self.item_value = parts
        self._every_user: Tensor | None = None
        if features.n_users * self._of_user.shape[0] <= CHUNK_FLOATS:
            self._every_user = self.user_base(np.arange(features.n_users))

    @torch.inference_mode()
    def _item_parts(self, items: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """First-layer part ``(n, first)``, query, key and value ``(n, a)`` of items."""
        embedded, attention = self.embeddings("item", items), self.ranker.adapter.attention
        first = embedded @ self.ranker.split_first()[1].T
        return first, attention.query(embedded), attention.key(embedded), attention.value(embedded)

    @torch.inference_mode()
    def with_features(self, features: Features, *, edited: Mapping[str, np.ndarray] | None = None) -> Self:
        """The same variant over edited or appended rows (`Features.with_rows`), in milliseconds.

        Only rows whose values changed are projected again. ``edited`` names the rows of each side that may have: the
        others are not looked at, which a large catalogue's would take a while. Raises ``ValueError`` for features of
        other groups.
        """
        if features.groups != self.features.groups:
            raise ValueError("these features have other groups")
        among = {} if edited is None else {side: edited.get(side, NO_ROWS) for side in ("user", "item")}
        users, items = (changed_rows(self.features, features, side, among.get(side)) for side in ("user", "item"))
        other = copy.copy(self)
        other.features, other.encoded, other.n_items = features, encoded_tensors(features), features.n_items
        other.term = self.term and self.term.with_items(features.n_items)
        other.cached = dict(self.cached)
        for group in features.groups:
            rows = users if group.side == "user" else items
            if group.key in self.cached and len(rows):
                new = self._store(group, other.encoded[group.key][rows])
                other.cached[group.key] = replaced_rows(self.cached[group.key], rows, new)
        if len(items):
            before = (self.item_base, self.item_query, self.item_key, self.item_value)
            parts = [replaced_rows(*x) for x in zip(before, [items] * 4, other._item_parts(items), strict=True)]
            other.item_base, other.item_query, other.item_key, other.item_value = parts
        if self._every_user is not None and len(users):
            part = F.linear(other.embeddings("user", users), self._of_user, self._sums.bias)
            other._every_user = replaced_rows(self._every_user, users, part)
        return other

    def take(self, users: np.ndarray, items: np.ndarray | None = None) -> Self:
        """The same variant over some rows alone (`Features.take`), every item if None.

        Of some items the network only, without the item-item term, which reads a catalogue.
        """
        few, of_user = copy.copy(self), torch.from_numpy(np.asarray(users, dtype=np.int64))
        few.features, few._every_user = self.features.take(users, items), None
        few.encoded, few.n_items = encoded_tensors(few.features), few.features.n_items
        of_item = None if items is None else torch.from_numpy(np.asarray(items, dtype=np.int64))
        rows = {g.key: of_user if g.side == "user" else of_item for g in self.features.groups}
        few.cached = {key: v if (at := rows[key]) is None else v[at] for key, v in self.cached.items()}
        if of_item is not None:
            parts = (self.item_base, self.item_query, self.item_key, self.item_value)
            few.item_base, few.item_query, few.item_key, few.item_value = (part[of_item] for part in parts)
            few.term = None
        return few

    def with_term(self, term: ItemItemTerm | None) -> Self:
        """The same network with another item-item term beside it, or with none."""
        other = copy.copy(self)
        other.term = term
        return other

    @property
    def n_parameters(self) -> int:
        """Numbers that were learned: the network's, and the entries of the item-item term."""
        return sum(p.numel() for p in self.ranker.parameters()) + (self.term.n_entries if self.term else 0)

    @property
    def compression(self) -> Compression:
        """What the model was compressed by."""
        return self.variant.compression

    @torch.inference_mode()
    def embeddings(self, side: str, rows: Tensor) -> Tensor:
        """Group embeddings of one side, concatenated ``(n, n_groups * width)``."""
        adapter, parts = self.ranker.adapter, []
        for group in self.features.side(side):
            if group.key in self.cached:
                parts.append(self.cached[group.key][rows])
            else:
                parts.append(adapter.embed(group, self.encoded[group.key][rows]))
        return concatenate(parts, rows)

    def embed(self, group: FeatureGroup, encoded: Tensor) -> Tensor:
        """Embeddings ``(n, width)`` of encoded values that no row need hold, as this variant stores them."""
        return self._store(group, encoded) if group.key in self.cached else self.ranker.adapter.embed(group, encoded)

    @torch.inference_mode()
    def user_base(self, users: np.ndarray) -> Tensor:
        """First-layer part of users, bias included: ``(b, first)``."""
        rows = torch.as_tensor(np.asarray(users, dtype=np.int64))
        if self._every_user is not None:
            return self._every_user[rows]
        return F.linear(self.embeddings("user", rows), self._of_user, self._sums.bias)

    @torch.inference_mode()
    def history_vectors(self, history: np.ndarray) -> HistoryVectors:
        """Keys and values of item histories ``(b, L)``, -1 where absent; trailing empty columns are cut."""
        history = np.atleast_2d(history)
        used = 1 + int(np.flatnonzero((history >= 0).any(0)).max(initial=0))
        rows = torch.from_numpy(np.ascontiguousarray(history[:, :used], dtype=np.int64))
        absent = torch.where(rows < 0, EMPTY, 0.0).unsqueeze(1)
        rows = rows.clamp(min=0)
        return HistoryVectors(self.item_key[rows], self.item_value[rows], absent)

    @torch.inference_mode()
    def score_catalogue(self, users: np.ndarray, histories: np.ndarray, known: Positives | None = None) -> np.ndarray:
        """Logits of every item for each user ``(b, n_items)``; ``histories`` is (b, L).

        ``known`` is what every scorer is given (`recsys_core.models.evaluation.CanScore`): attention reads its newest
        items, the histories, alone, the item-item term all of it. Raises ``ValueError`` where the term has none.
        """
        users, histories = np.atleast_1d(users), np.atleast_2d(histories)
        out = np.empty((len(users), self.n_items), dtype=np.float32)
        for start in range(0, len(users), BLOCK_USERS):
            rows = slice(start, start + BLOCK_USERS)
            out[rows] = self._catalogue(users[rows], histories[rows])
        return out if self.term is None else out + self.term.catalogue(_given(known))

    def _catalogue(self, users: np.ndarray, histories: np.ndarray) -> np.ndarray:
        """The network's logits of every item for a few users, a block of items at a time."""
        past, base = self.history_vectors(histories), self.user_base(users).unsqueeze(1)
        wide = self._widest + 2 * histories.shape[1]
        step = max(1, BLOCK_FLOATS // (len(users) * wide))
        out = np.empty((len(users), self.n_items), dtype=np.float32)
        for start in range(0, self.n_items, step):
            items = slice(start, start + step)
            pre = self.runtime.history_part(self.item_query[items], past.keys, past.values, past.absent)
            out[:, items] = self.runtime.tail(pre.add_(self.item_base[items]).add_(base)).numpy()
        return out

    def score_pairs(
        self, users: np.ndarray, items: np.ndarray, histories: np.ndarray, known: Positives | None = None
    ) -> np.ndarray:
        """Logits of pairs ``(n,)``; ``histories`` is (n, L), each pair's own, and so is ``known``."""
        out = self._pairs(users, np.asarray(items), histories)
        return out if self.term is None else out + self.term.pairs(items, _given(known))

    def score_items(
        self, user: int, items: np.ndarray, history: np.ndarray, known: Positives | None = None
    ) -> np.ndarray:
        """Logits of some items ``(n,)`` for one user with one history ``(L,)``, and one row of ``known``."""
        return self.score_grid(np.array([user]), items, history, known)[0]

    def score_grid(
        self, users: np.ndarray, items: np.ndarray, histories: np.ndarray, known: Positives | None = None
    ) -> np.ndarray:
        """Logits of some items for each of some users ``(b, n)``.

        ``histories`` ``(b, L)`` and ``known`` are each user's own, or one row for all of them.
        """
        items = np.asarray(items, dtype=np.int64)
        out = self._grid(users, items, histories)
        return out if self.term is None else out + self.term.of_items(items, _given(known))

    @torch.inference_mode()
    def _pairs(self, users: np.ndarray, items: np.ndarray, histories: np.ndarray) -> np.ndarray:
        out = np.empty(len(users), dtype=np.float32)
        step = max(1, BLOCK_FLOATS // (2 * self.item_key.shape[1] * max(1, histories.shape[1])))
        for start in range(0, len(users), step):
            rows = slice(start, start + step)
            item = torch.as_tensor(np.asarray(items[rows], dtype=np.int64))
            past = self.history_vectors(histories[rows])
            query = self.item_query[item].unsqueeze(1)
            pre = self.runtime.history_part(query, past.keys, past.values, past.absent).squeeze(1)
            out[rows] = self.runtime.tail(pre + self.item_base[item] + self.user_base(users[rows])).numpy()
        return out

    @torch.inference_mode()
    def _grid(self, users: np.ndarray, items: np.ndarray, histories: np.ndarray) -> np.ndarray:
        histories, out = np.atleast_2d(histories), np.empty((len(users), len(items)), dtype=np.float32)
        step = max(1, BLOCK_FLOATS // (max(1, len(items)) * (self._widest + 2 * histories.shape[1])))
        for start in range(0, len(users), step):
            rows = slice(start, start + step)
            past = self.history_vectors(histories if len(histories) == 1 else histories[rows])
            part = self.runtime.history_part(self.item_query[items], past.keys, past.values, past.absent)
            part = part.add_(self.item_base[items])  # one history of many users: not as tall as the sum yet
            out[rows] = self.runtime.tail(part + self.user_base(users[rows]).unsqueeze(1)).numpy()
        return out

    @torch.inference_mode()
    def group_parts(self, users: np.ndarray, items: np.ndarray) -> tuple[Tensor, Tensor]:
        """Each group's own share of the first layer and of the query.

        Returns ``first`` (n, n_groups, first) in the order of ``features.groups`` and ``query``
        (n, n_item_groups, a) for the item groups. Sums over groups plus the biases
        (``first_bias``, ``query_bias``) give ``pre`` without history, and the query.
        """
        width = self.ranker.shape.width
        sides = []
        for side, rows in (("user", users), ("item", items)):
            embedded = self.embeddings(side, torch.as_tensor(np.asarray(rows, dtype=np.int64)))
            sides.append(embedded.unflatten(1, (len(self.features.side(side)), width)))
        embedded = torch.cat(sides, 1)
        n_groups = embedded.shape[1]
        first = self._sums.weight[:, : n_groups * width].unflatten(1, (n_groups, width))
        query = self.ranker.adapter.attention.query.weight.unflatten(1, (sides[1].shape[1], width))
        return torch.einsum("ngw,fgw->ngf", embedded, first), torch.einsum("ngw,agw->nga", sides[1], query)

    @property
    def first_bias(self) -> Tensor:
        bias = self._sums.bias
        return torch.zeros(self._sums.out_features) if bias is None else bias.detach()

    @property
    def query_bias(self) -> Tensor:
        return self.ranker.adapter.attention.query.bias.detach()


def _given(known: Positives | None) -> Positives:
    if known is None:
        raise ValueError("the item-item term needs the items that are known to be taken")
    return known
