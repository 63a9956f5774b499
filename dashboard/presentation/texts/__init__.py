"""Every sentence of the interface by key, in English and Chinese.

``en/`` and ``zh/`` hold one module a page with a dictionary ``TEXTS``; all modules of a folder are
joined; ``{n|item|items}`` in a sentence is "item" where ``n`` is 1. ``t`` is for what Streamlit
reads as Markdown (values are escaped), ``plain`` for charts, tables, option labels and files
(values stay as they are).
"""

from __future__ import annotations

import importlib
import pkgutil
import string
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from functools import cache

from dashboard.presentation.texts import numbers
from dashboard.presentation.texts.markdown import Markdown, escape
from recsys_core.errors import Phrase, RecLensError, filled
from recsys_core.messages import MESSAGES

LANGUAGES = ("en", "zh")
NAMES = {"en": "en", "zh": "中文"}
PSEUDO = "pseudo"  # every sentence in brackets: what a page shows outside of them is hard-coded
OWN_WORDS = ("stage", "method", "side", "name")  # values of the core that are words of ours, not of the data
_language: ContextVar[str] = ContextVar("language of this run", default="en")


def use_language(language: str) -> None:
    """Say everything in this language from here on: until the end of a run, in its thread or task alone.

    Raises
    ------
    ValueError
        For a language without a catalogue.
    """
    if language not in (*LANGUAGES, PSEUDO):
        raise ValueError(f"no catalogue in {language!r}; there are {', '.join(LANGUAGES)}")
    _language.set(language)


@cache
def catalogue(language: str) -> dict[str, str]:
    """All sentences of a language. A key in two modules is an error.

    Raises
    ------
    ValueError
        For a key that two modules define.
    """
    if language == PSEUDO:
        return {key: f"⟦{text}⟧" for key, text in catalogue("en").items()}
    package = importlib.import_module(f"dashboard.presentation.texts.{language}")
    found: dict[str, str] = {f"core.{k}": v for k, v in MESSAGES.items()} if language == "en" else {}
    for module in pkgutil.iter_modules(package.__path__):
        texts = importlib.import_module(f"{package.__name__}.{module.name}").TEXTS
        twice = found.keys() & texts.keys()
        if twice:
            raise ValueError(f"{language}/{module.name}.py: keys defined twice: {sorted(twice)}")
        found |= texts
    return found


def t(key: str, /, **values: object) -> Markdown:
    """The sentence as Markdown; values are shown as text, numbers in the interface's form."""
    return Markdown(_fill(key, {k: v if _is_number(v) else escape(v) for k, v in values.items()}))


def plain(key: str, /, **values: object) -> str:
    """The sentence as plain text, for charts, tables, labels of options and files."""
    return _fill(key, values)


def translate(language: str, key: str, /, **values: object) -> str:
    """``plain`` in a given language."""
    return filled(catalogue(language)[key], {k: _shown(v) for k, v in values.items()})


def language() -> str:
    """The language that ``use_language`` chose; English in a thread where nobody chose."""
    return _language.get()


def has(key: str) -> bool:
    """Whether there is such a sentence."""
    return key in catalogue("en")


def joined(*sentences: str) -> Markdown:
    """Sentences after one another, empty ones left out; Chinese needs no space between them."""
    return Markdown(plain("sentence.join").join(s for s in sentences if s))


def listed(names: list[str]) -> str:
    """Names as a list: "a", "a and b", "a, b and c"."""
    if len(names) < 2:
        return "".join(names)
    return plain("list.last", first=plain("list.join").join(names[:-1]), last=names[-1])


def capital(text: str) -> Markdown:
    """A sentence with a capital at its start, where it starts with a letter."""
    return Markdown(text[:1].upper() + text[1:])


def word(prefix: str, name: str) -> str:
    """A known word (a column, a stage) in the session's language, else the name as a person would write it.

    >>> word("column", "shoe_size")
    'shoe size'
    """
    return plain(f"{prefix}.{name}") if has(f"{prefix}.{name}") else name.replace("_", " ").strip()


def message(error: RecLensError) -> Markdown:
    """An error or warning of the core in the session's language."""
    return core_message(error.key, error.values)


def names_of(prefix: str, names: Iterable[str]) -> Callable[[str], str]:
    """A ``format_func`` for options whose words are ``prefix.name``; fixed to the language of this run."""
    words = {name: word(prefix, name) for name in names}
    return lambda name: words.get(name, name)


def core_message(key: str, values: dict) -> Markdown:
    """A message key of the core and its values as a sentence, starting with a capital, raw data as they are."""
    template = catalogue(language())[f"core.{key}"]
    if has(f"stage.{values.get('stage')}"):
        values = values | {"stage": plain(f"stage.{values['stage']}")}
    if has(f"method.{values.get('method')}"):
        values = values | {"method": plain(f"method.{values['method']}")}
    if has(f"control.{values.get('name')}"):
        values = values | {"name": plain(f"control.{values['name']}")}
    if has(f"table.{values.get('side')}"):
        values = values | {"side": plain(f"table.{values['side']}")}
    sentence = filled(template.replace("!r}", "}"), {k: _said(v) for k, v in values.items()})
    return Markdown(sentence) if _begins_with_data(template, values) else capital(sentence)


def _begins_with_data(template: str, values: dict) -> bool:
    """Whether a sentence's first word is raw data: a file, a column, what somebody called a workspace."""
    literal, name, _, _ = next(iter(string.Formatter().parse(template)))
    return not literal and name not in OWN_WORDS and not isinstance(values.get(name or ""), int | float | Phrase)


def stage(at: str | Phrase) -> Markdown:
    """What work is at, in the session's language: a known word, or a message of the core."""
    if isinstance(at, Phrase):
        return core_message(at.key, dict(at.values))
    return t(f"stage.{at}") if has(f"stage.{at}") else escape(at)


def _said(value: object) -> object:
    """A value of the core inside a sentence: numbers as they are, parts with words of their own translated."""
    if isinstance(value, Phrase):
        template = catalogue(language())[f"core.{value.key}"].replace("!r}", "}")
        return filled(template, {k: _said(v) for k, v in value.values})
    return value if isinstance(value, int | float) else escape(value)


def placeholders(template: str) -> set[str]:
    """Names between braces, those that choose a word among them.

    >>> sorted(placeholders("{side}: {n} {n|cell|cells}"))
    ['n', 'side']
    """
    return {name.split("|")[0] for _, name, _, _ in string.Formatter().parse(template) if name}


def _fill(key: str, values: dict[str, object]) -> str:
    return filled(catalogue(language())[key], {k: _shown(v) for k, v in values.items()})


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _shown(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return numbers.count(value) if isinstance(value, int) else numbers.number(value)
