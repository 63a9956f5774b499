"""Recommend: scores of a user's whole catalogue, and the list made from them."""

from recsys_core.recommend.user_scores import (
    UserScores,
    count_ties,
    list_items,
    ranked_item,
    recommend,
    score_user,
    user_pairs,
)

__all__ = ["UserScores", "count_ties", "list_items", "ranked_item", "recommend", "score_user", "user_pairs"]
