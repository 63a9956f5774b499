"""The game behind a user's NDCG: lists over the whole catalogue where some reasons are the background's.

``v_b(S)``: NDCG@10 of the list that the model would make for the user if only the reasons in ``S`` kept their values:
the user's other attributes and history are those of background row ``b``, and all items of the catalogue hold the row's
value of the other item reasons. What is held out and what is no candidate stay the user's own, and items of a history
keep their own attributes, as they belong to the reason *history*. The item-item term belongs to the history too: with
it out, the row's known positives speak for every item.
"""

from __future__ import annotations

import numpy as np
import torch
from scipy.sparse import csr_array
from torch import Tensor

from recsys_core.explain.coalitions import value_codes
from recsys_core.metrics import ndcg_at_k
from recsys_core.models.evaluation import K
from recsys_core.models.scorer import BLOCK_FLOATS, Pairs, Scorer
from recsys_core.models.split_dataset import RankingTask
from recsys_core.rerank import Candidates, Reranker


class CatalogueGame:
    """NDCG of coalitions for some users against some background rows; players in the order of the features'.

    Parts of the first layer are computed once for users, rows and items. Items that hold the same values of the
    reasons that are in have one score, computed once: equal scores are equal to the last bit, as ties must be.
    """

    def __init__(self, scorer: Scorer, task: RankingTask, background: Pairs, reranker: Reranker) -> None:
        self.scorer, self.task, self.reranker, self.rows = scorer, task, reranker, background
        self.histories, items = task.histories, np.arange(scorer.n_items)
        self.n_user, self.n_players = len(scorer.features.side("user")), len(scorer.features.players)
        nobody, nothing = np.zeros_like(items), np.zeros(len(task), dtype=np.int64)
        self.of_user = scorer.group_parts(task.users, nothing)[0][:, : self.n_user]
        first, self.query = scorer.group_parts(nobody, items)
        self.of_item = first[:, self.n_user :]
        self.row_first, self.row_query = scorer.group_parts(background.users, background.items)
        every = Pairs(nobody, items, np.full((len(items), 1), -1))
        self.codes = value_codes(scorer.features, every)[:, self.n_user + 1 :]
        self._distinct: dict[bytes, tuple[np.ndarray, np.ndarray]] = {}
        self.row_term = None
        if scorer.term is not None:
            if background.known is None:
                raise ValueError("the item-item term needs what is known of the background")
            self.row_term = scorer.term.catalogue(background.known)

    @torch.inference_mode()
    def values(self, user: int, rows: np.ndarray, masks: np.ndarray) -> np.ndarray:
        """NDCG ``(n,)`` of one user (position in the task): coalitions ``(n, n_players)`` against ``rows`` ``(n,)``."""
        out, own_term = np.empty(len(masks)), None
        if self.scorer.term is not None:
            own_term = self.scorer.term.catalogue(self.task.known[np.array([user])])[0]
        step = max(1, BLOCK_FLOATS // self.scorer.n_items)
        for start in range(0, len(masks), step):
            few = slice(start, start + step)
            scores = self._scores(user, rows[few], masks[few])
            if own_term is not None and self.row_term is not None:
                has_history = masks[few, self.n_user, None]
                scores += np.where(has_history, own_term, self.row_term[rows[few]])
            out[few] = self._ndcg(user, scores)
        return out

    def _ndcg(self, user: int, scores: np.ndarray) -> np.ndarray:
        again = np.full(len(scores), user)
        seen, held_out = (_repeated(table[[user]], len(scores)) for table in (self.task.seen, self.task.held_out))
        top = self.reranker.lists(Candidates(self.task.users[again], scores, seen, self.task.tie_order), K)
        return ndcg_at_k(top, held_out)

    def _scores(self, user: int, rows: np.ndarray, masks: np.ndarray) -> np.ndarray:
        """The network's logits ``(n, n_items)``: coalitions that share history and item side share the attention."""
        context = np.column_stack([rows, masks[:, self.n_user :]])
        _, first, owner = np.unique(context, axis=0, return_index=True, return_inverse=True)
        owner, out = owner.ravel(), np.empty((len(masks), self.scorer.n_items), dtype=np.float32)
        for at, example in enumerate(first):
            which = np.flatnonzero(owner == at)
            logits, where = self._of_context(user, int(rows[example]), masks[which])
            out[which] = logits[:, where]
        return out

    def _of_context(self, user: int, row: int, masks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Logits ``(n, n_distinct)`` of coalitions that differ on the user's side alone; where each item stands."""
        has_history, item_in = bool(masks[0, self.n_user]), masks[0, self.n_user + 1 :]
        kept, where = self._distinct_items(item_in)
        users = torch.from_numpy(masks[:, : self.n_user].astype(np.float32)).unsqueeze(-1)
        own, others = self.of_user[user], self.row_first[row, : self.n_user]
        base = self.scorer.first_bias + others.sum(0) + (users * (own - others)).sum(1)
        items = self._item_sums(self.of_item, self.row_first[row, self.n_user :], item_in, kept)
        query = self._item_sums(self.query, self.row_query[row], item_in, kept) + self.scorer.query_bias
        history = self.histories[user] if has_history else self.rows.histories[row]
        past = self.scorer.history_vectors(history)
        pooled = self.scorer.runtime.history_part(query.unsqueeze(0), past.keys, past.values, past.absent)[0]
        part, runtime, out = pooled + items, self.scorer.runtime, np.empty((len(masks), len(kept)), dtype=np.float32)
        step = max(1, BLOCK_FLOATS // (len(kept) * part.shape[1]))
        for start in range(0, len(masks), step):
            few = slice(start, start + step)
            out[few] = runtime.tail(base[few].unsqueeze(1) + part).numpy()
        return out, where

    def _distinct_items(self, item_in: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """One item of each that hold the same values of the reasons that are in, and for all items which of these."""
        key = item_in.tobytes()
        if key not in self._distinct:
            codes = self.codes[:, item_in]
            if not codes.shape[1]:
                codes = np.zeros((len(codes), 1), dtype=np.int64)
            _, kept, where = np.unique(codes, axis=0, return_index=True, return_inverse=True)
            self._distinct[key] = kept, where.ravel()
        return self._distinct[key]

    @staticmethod
    def _item_sums(own: Tensor, others: Tensor, item_in: np.ndarray, kept: np.ndarray) -> Tensor:
        """Sums over item groups ``(n, width)`` of the kept items: their own values where in, the row's elsewhere."""
        inside, outside = (torch.from_numpy(np.flatnonzero(x)) for x in (item_in, ~item_in))
        return own[torch.from_numpy(kept)][:, inside].sum(1) + others[outside].sum(0)


def _repeated(row: csr_array, n: int) -> csr_array:
    """A sparse table of one row, ``n`` times."""
    start = np.arange(n + 1) * row.nnz
    return csr_array((np.tile(row.data, n), np.tile(row.indices, n), start), shape=(n, row.shape[1]))
