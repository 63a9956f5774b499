"""On how many test users a variant is looked at: the picker, and what is said of a sample."""

from __future__ import annotations

from dashboard import components, state
from dashboard.cached import fairness as cached_fairness
from dashboard.cached import workspace as cached_workspace
from dashboard.presentation.sentences.fairness import anew
from dashboard.presentation.texts import plain, t
from dashboard.state import Selection
from recsys_core.errors import SettingError
from recsys_core.models.user_sample import EVERYBODY, EVERYONE, STORED, UserLimit
from recsys_core.results import CompressionReport
from recsys_core.variant import ModelVariant


def users_picker(page, variant: ModelVariant) -> UserLimit:
    """The test users that lists are made for; a picker where making them for all takes more than a few seconds."""
    ref, raw = page.selection.ref, state.bar().value("users")
    training = cached_workspace.model(ref, variant.model).training
    n_all, n_stored = training.n_test_users, training.model.n_users
    quick, named = (cached_fairness.user_limit(ref, variant, text) for text in ("", _said()))
    everyone = STORED if n_stored == n_all else EVERYBODY
    if quick == named == everyone:
        return named
    offered = {"": quick} if quick == everyone else {"": quick, EVERYONE: everyone}
    shown = next((text for text, limit in offered.items() if limit == named), raw)
    shown_as = {limit: n_all if limit == everyone else limit.most or n_stored for limit in (*offered.values(), named)}
    names = {text: _name(shown_as[limit], n_all) for text, limit in (offered | {shown: named}).items()}
    page.pick("users", names, aliases={raw: shown}, help=t("users.help"))
    return named


def _name(n: int, n_all: int) -> str:
    return plain("users.all", n=n_all) if n >= n_all else plain("users.some", n=n, n_all=n_all)


def is_enough(report: CompressionReport, limit: UserLimit) -> bool:
    """Whether a level was measured on as many test users as the address asks for; it may ask for no number."""
    n_all = report.n_test_users or 0
    return not _said() or (report.n_users or 0) >= min(limit.most or n_all, n_all)


def said_anew(selection: Selection) -> None:
    """That the full model's lists, which a level is compared with, were not stored with it; nothing where they were."""
    job = cached_fairness.evaluation(selection.ref, selection.variant.dense)
    if job.is_done and not job.error:
        components.caveats(anew(job.outcome()))


def _said() -> str:
    """What the address says, nothing where that is no limit (which the frame says)."""
    raw = state.bar().value("users")
    try:
        UserLimit.from_text(raw)
    except SettingError:
        return ""
    return raw
