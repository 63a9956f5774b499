"""Text from data sets inside sentences: always shown as text, never read as Markdown or HTML."""

from __future__ import annotations

import re

JOINER = "\u2060"  # invisible; breaks what is replaced even behind a backslash: smileys, arrows, bare addresses
_BLANKS = re.compile(r"[^\S\u00a0\u202f]+")  # those that keep a number and its unit on one line stay
_ANYWHERE = re.compile(r"([\\`*_\[\]<>|~$:@&^{}#!=/])")
_AT_START = re.compile(r"^(\s*)(\d*)([-+.)])")
_REPLACED = re.compile(r":(?=[\w+/-]+:|//)|[-<=](?=[->])|(?i:\bwww)(?=\.)|@")


class Markdown(str):
    """Text that is Markdown already and must not be escaped again."""

    __slots__ = ()


def escape(text: object) -> Markdown:
    """Show ``text`` as it is written: no emphasis, links, HTML, formulas, colours, icons or smileys.

    >>> escape("<b>5 * 3</b>").replace(chr(92), "")
    '<b>5 * 3</b>'
    >>> escape("1\\u202f755 users,\\n 83\\u202f%")
    '1\\u202f755 users, 83\\u202f%'
    >>> print(escape("*Star* :red[x]"))
    \\*Star\\* \\:red\\[x\\]
    """
    if isinstance(text, Markdown):
        return text
    line = _BLANKS.sub(" ", str(text)).strip(" ")
    line = _REPLACED.sub(lambda found: found.group(0) + JOINER, line)
    line = _ANYWHERE.sub(r"\\\1", line)
    return Markdown(_AT_START.sub(r"\1\2\\\3", line))


def strong(text: str) -> Markdown:
    """Bold wherever it stands: beside a letter, as in Chinese, stars at a sign ("20 %") would stay stars.

    >>> strong("north"), strong("20 %") == f"**20 %{JOINER}**"
    ('**north**', True)
    """
    first, last = ("" if end.isalnum() else JOINER for end in (text[:1], text[-1:]))
    return Markdown(f"**{first}{escape(text)}{last}**")


def supporting(text: str) -> Markdown:
    """What speaks for: bold, in the theme's blue. The sign or word carries the meaning too."""
    return Markdown(f":blue[**{escape(text)}**]")


def opposing(text: str) -> Markdown:
    """What speaks against: bold, in the theme's orange."""
    return Markdown(f":orange[**{escape(text)}**]")


def by_sign(value: float, text: str) -> Markdown:
    """``supporting`` or ``opposing`` by the sign of ``value``; plain bold where it is zero."""
    if value == 0:
        return Markdown(f"**{escape(text)}**")
    return supporting(text) if value > 0 else opposing(text)
