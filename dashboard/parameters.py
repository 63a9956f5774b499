"""What an address may say: the parameters of the frame, and how a page declares its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dashboard.presentation import texts
from dashboard.presentation.texts import has, numbers, plain
from recsys_core.errors import SettingError
from recsys_core.rerank import is_reranking
from recsys_core.settings import Setting, settings_of
from recsys_core.variant import BITS, Compression, Reranking

MAX_SPARSITY = 90  # per cent: where the slider ends
OPENED = ("true", "false")
K, MOST_K = 10, 100  # as `recsys_core.models.user_sample` has them, which takes long to import


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of the address.

    Attributes
    ----------
    key
        Its name in the address, and the key of the control that holds its value.
    name
        Key of the text that says what it is.
    default
        What the address leaves out, and what is shown where nothing is said.
    bound
        Whether a visible control of that key is bound to the address itself; all others are held
        by a text field that nobody sees.
    takes
        Whether a text is a value; None where only the data can tell (whoever draws its picker says so then).
    shown
        What is shown instead of a text that is no value, in words.
    problem
        Key of the sentence that says so: ``name``, ``value``, ``shown``.
    clears
        Parameters that another choice of this one clears.
    live
        Whether the page changes it in place, a part of itself drawn again alone (`AddressBar.change`): the session
        holds it then, and the address follows.
    """

    key: str
    name: str = ""
    default: str = ""
    bound: bool = False
    takes: Callable[[str], bool] | None = None
    shown: Callable[[], str] | None = None
    problem: str = "frame.choice_unknown"
    clears: tuple[str, ...] = ()
    live: bool = False

    @property
    def instead(self) -> str:
        """What is shown where the address holds no value of it."""
        return self.shown() if self.shown else self.default or numbers.UNKNOWN


def opened(key: str, name: str) -> Parameter:
    """Whether a part of the page is open, for ``Frame.details``."""
    takes = OPENED.__contains__
    return Parameter(key, name, OPENED[1], bound=True, takes=takes, shown=_closed, problem="frame.setting_unknown")


def _closed() -> str:
    return plain("frame.closed")


def switch(key: str, name: str) -> Parameter:
    """Something that is on or off, off where nothing is said, for ``Frame.switch``."""
    return Parameter(key, name, takes=OPENED.__contains__, shown=_off, problem="frame.setting_unknown")


def _off() -> str:
    return plain("frame.off")


def users_parameter() -> Parameter:
    """On how many test users a page looks at a variant: ``all``, a number, or nothing."""
    return Parameter("users", "users", takes=_is_limit, shown=_quick, problem="frame.setting_unknown")


def length_parameter() -> Parameter:
    """Of how many recommendations a list is."""
    return Parameter("k", "fairness.k", takes=is_length, shown=lambda: str(K), problem="frame.setting_unknown")


def is_length(raw: str) -> bool:
    """Whether a list can have this length."""
    return raw.isascii() and raw.isdecimal() and 1 <= int(raw) <= MOST_K


def _is_limit(raw: str) -> bool:
    from recsys_core.models.user_sample import UserLimit

    try:
        UserLimit.from_text(raw)
    except SettingError:
        return False
    return True


def _quick() -> str:
    return plain("users.quick")


def number(key: str, name: str) -> Parameter:
    """A number that a person types, for ``Frame.number``."""
    return Parameter(key, name, problem="frame.setting_unknown")


def among(values: tuple[object, ...]) -> Callable[[str], bool]:
    """Whether a text is one of a few values."""
    return tuple(map(str, values)).__contains__


def _of_setting(about: Setting, default: object) -> Parameter:
    """The parameter of a variant's setting; what the sidebar has no control for is carried like all others."""
    known = {"sparsity": lambda raw: raw.isdecimal() and int(raw) <= MAX_SPARSITY, "bits": among(BITS)}
    takes = known | {"rerank": is_reranking}
    text = "" if default in (None, "") else about.to_text(default)

    def shown() -> str:
        word = f"{about.parameter}.{text}"
        return plain(word) if has(word) else f"{text} %" if about.per_cent and text else text or numbers.UNKNOWN

    return Parameter(
        about.parameter,
        f"control.{about.parameter}",
        text,
        bound=about.parameter in known,
        takes=takes.get(about.parameter, lambda raw: _is_value(about, raw)),
        shown=shown,
        problem="frame.setting_unknown",
        clears=tuple(other.parameter for _, other in settings_of(Reranking) if other is not about)
        if about.parameter == "rerank"
        else (),
    )


def _reranking() -> tuple[str, ...]:
    """What says nothing without a re-ranker."""
    return tuple(about.parameter for _, about in settings_of(Reranking) if about.parameter != "rerank")


def _is_value(about: Setting, raw: str) -> bool:
    try:
        about.check(about.from_text(raw))
    except SettingError:
        return False
    return True


SETTINGS = tuple(
    _of_setting(about, getattr(part(), name)) for part in (Compression, Reranking) for name, about in settings_of(part)
)
CONTROLLED = ("sparsity", "bits", "pruning", "neighbours")  # settings that the frame has a control for
FURTHER = tuple(parameter for parameter in SETTINGS if parameter.key not in CONTROLLED)
FRAME = (  # on every page
    Parameter("workspace", "control.workspace", clears=("model", "user", "item", "segment", "against")),
    Parameter("user", "control.user", clears=("item",)),  # another user: the own top recommendation
    Parameter("item", "control.item"),
    Parameter("model", "control.model"),
    *SETTINGS,
    Parameter(
        "lang",
        "control.language",
        takes=(*texts.LANGUAGES, texts.PSEUDO).__contains__,
        shown=lambda: texts.NAMES.get(texts.language(), texts.language()),
        problem="frame.setting_unknown",
    ),
    Parameter("segment", "control.segment"),
    Parameter("filter"),
)
