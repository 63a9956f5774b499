"""How the model was chosen: which options validation compared, how sure it was, and where training ended."""

from __future__ import annotations

from dashboard.presentation.sentences.fairness import inside
from dashboard.presentation.sentences.quality import known
from dashboard.presentation.texts import joined, listed, numbers, plain, t, word
from dashboard.presentation.texts.markdown import Markdown
from recsys_core.models.term_strength import LEAST_USERS
from recsys_core.models.trained_model import TrainedModel
from recsys_core.results import OptionChoice, TriedOption

DIGITS = 4  # options differ by little


def option_name(option: str) -> str:
    """An option by its words."""
    return word("core.option", option.replace(" ", "_"))


def sentence(model: TrainedModel) -> Markdown:
    """Which option was trained in full and how it stands beside its closest rival; whether ids are reasons."""
    choice = model.choice
    if not choice.tried:
        return joined(t("overview.choice.nobody" if not choice.n_users else "overview.choice.nothing"), _ids(model))
    names = [plain("overview.choice.option", name=option_name(option.name)) for option in choice.tried]
    chosen = t("overview.choice.tried", options=listed(names), chosen=option_name(choice.chosen))
    return joined(chosen, _beside(closest(choice), choice), _ids(model))


def closest(choice: OptionChoice) -> TriedOption:
    """The option given up that the chosen one leads by the least."""
    return min(choice.others, key=lambda option: option.difference)


def _beside(rival: TriedOption, choice: OptionChoice) -> Markdown:
    standing = _standing(rival)
    if standing == "few":
        return t("overview.choice.few", n=choice.n_users)
    values = {
        "after": rival.compared_after,
        "other": option_name(rival.name),
        "lead": numbers.fixed(abs(rival.difference), DIGITS),
        "measure": measure_name(choice),
        "share": numbers.percent(rival.share_at_least, 1),
        "n": choice.n_draws,
    }
    return t(f"overview.choice.{standing}", **values)


def _standing(rival: TriedOption) -> str:
    """How the chosen option stands beside a rival: ``ahead``, ``even``, ``behind``, ``once_ahead``, or too ``few``."""
    if not known(rival.low) or not known(rival.high):
        return "few"
    if rival.difference >= 0:
        return "ahead" if rival.low > 0 else "even"
    return "behind" if rival.high >= 0 else "once_ahead"


def measure_name(choice: OptionChoice) -> str:
    """The measure that validation compared by."""
    return plain(f"measure.{choice.measure}")


def _ids(model: TrainedModel) -> Markdown:
    """Whose ids are reasons of this model."""
    sides = {group.side for group in model.features.groups if group.kind == "id"}
    return t(f"overview.ids.{'both' if len(sides) == 2 else next(iter(sides), 'none')}")


def term(model: TrainedModel, share: float | None) -> Markdown:
    """What the item-item term is made of and takes, and its ``share`` of the score; that there is none."""
    found = model.term
    if found is None:
        return joined(t(f"overview.term.none.{_why_none(model.choice)}"), _likely(model.choice), _weighed(model))
    about = {
        "penalty": numbers.setting(found.penalty),
        "neighbours": min(found.neighbours, found.widest),
        "strength": numbers.setting(found.alpha),
        "size": numbers.size(found.size_bytes),
    }
    notes = {
        "overview.term.users": found.user_exponent > 0,
        "overview.term.popular": found.penalty_exponent > 0,
        "overview.term.some": found.n_least > 1,
    }
    noted = [t(key, n_least=found.n_least) for key, holds in notes.items() if holds]
    of_score = "" if share is None else t("overview.term.share", share=numbers.percent(share))
    return joined(t("overview.term", **about), of_score, *noted, _likely(model.choice), _weighed(model))


def _why_none(choice: OptionChoice) -> str:
    """``untried``, ``no_weight`` before or after training, or ``lost`` against an option without it."""
    if choice.likelihood is not None and choice.likelihood.alpha > 0:
        return "lost"
    return "no_weight" if choice.likelihood is not None or choice.strengths else "untried"


def _likely(choice: OptionChoice) -> Markdown:
    """The strength that suits best what validation users took, before training; empty where it was not asked."""
    found = choice.likelihood
    if found is None:
        return Markdown("")
    if found.n_users < LEAST_USERS:
        return t("overview.term.few", n=found.n_users)
    if not found.standard_error:
        return t("overview.term.zero", n=found.n_users)
    return t(
        "overview.term.likely" if found.alpha > 0 else "overview.term.unlikely",
        n=found.n_users,
        strength=numbers.setting(found.alpha),
        gain=numbers.signed(found.gain, 3),
        error=numbers.fixed(found.standard_error, 3),
    )


def _weighed(model: TrainedModel) -> Markdown:
    """What validation said of the model with the term and without it; empty where it did not weigh them."""
    choice = model.choice
    without = next((tried for tried in choice.strengths if not tried.strength), None)
    with_term = max((tried for tried in choice.strengths if tried.strength), key=lambda x: x.figure, default=None)
    if without is not None and not known(without.share_at_least):
        return t("overview.term.few", n=choice.n_users)
    if without is None or with_term is None:
        return Markdown("")
    key, other = ("overview.term.refused", with_term) if model.term is None else ("overview.term.taken", without)
    return t(
        key,
        strength=numbers.setting(with_term.strength),
        measure=inside(measure_name(choice)),
        with_term=numbers.fixed(abs(with_term.figure), DIGITS),
        without=numbers.fixed(abs(without.figure), DIGITS),
        share=numbers.percent(other.share_at_least, 1),
        n=choice.n_draws,
    )


def caveats(model: TrainedModel) -> list[Markdown]:
    """By what the options were compared, on whom and with which seed, at what cost; where training ended."""
    choice, config = model.choice, model.config
    ended = t("overview.choice.ended", epochs=config["epochs"], best=config["best_epoch"])
    if not choice.n_users:
        return [ended]
    is_of_lists = choice.n_rows == choice.n_users
    key = "overview.choice.users.of" if choice.n_users < choice.of_users else "overview.choice.users"
    users = t(key, n=choice.n_users, of=choice.of_users)
    of_users = users if is_of_lists else t("overview.choice.rows", n=choice.n_rows, users=users)
    found = [t(f"overview.validation.{choice.measure}"), of_users, t("overview.caveat.seed", seed=choice.seed)]
    if choice.tried:
        found.append(t("overview.choice.cost", share=numbers.percent(choice.share_given_up)))
    return [*found, ended]
