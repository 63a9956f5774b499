"""What is said of the test users that lists were made for."""

from __future__ import annotations

from dashboard.presentation.texts import t
from dashboard.presentation.texts.markdown import Markdown
from recsys_core.results import UserSample


def sample(found: UserSample | None) -> list[Markdown]:
    """Of how many and by which seed, where it is not all of them: "1,000 of 4,817 users, seed 0"."""
    if found is None or found.is_all:
        return []
    return [t("users.sample", n=found.n_users, n_all=found.n_all_users, seed=found.seed)]
