"""The sentences of pages as HTML: bold, the two colours, code, and nothing else."""

from __future__ import annotations

import html
import re

from dashboard.presentation.texts.markdown import JOINER

COLOURS = ("blue", "orange", "gray", "small")
_TOKEN = re.compile(
    r"\\(?P<plain>.)|(?P<bold>\*\*)|`(?P<code>[^`]*)`|:(?P<open>"
    + "|".join(COLOURS)
    + r")\[|(?P<close>\])|(?P<line>\n\n)",
    re.S,
)


def to_html(markdown: str) -> str:
    """A sentence of `dashboard.presentation.texts.t` as HTML; text of data in it was escaped there and stays text.

    >>> to_html("**5** \\\\< 6, :blue[**more**]")
    '<b>5</b> &lt; 6, <span class="blue"><b>more</b></span>'
    >>> to_html("<script>")
    '&lt;script&gt;'
    """
    found, at, is_bold, n_open = [], 0, False, 0
    for token in _TOKEN.finditer(markdown):
        found.append(html.escape(markdown[at : token.start()]))
        at = token.end()
        kind = token.lastgroup
        if kind == "plain":
            found.append(html.escape(token["plain"]))
        elif kind == "bold":
            is_bold = not is_bold
            found.append("<b>" if is_bold else "</b>")
        elif kind == "code":
            found.append(f"<code>{html.escape(token['code'])}</code>")
        elif kind == "open":
            n_open += 1
            found.append(f'<span class="{token["open"]}">')
        elif kind == "close":
            found.append("</span>" if n_open else "]")
            n_open = max(0, n_open - 1)
        else:
            found.append("<br>")
    found.append(html.escape(markdown[at:]) + "</span>" * n_open + "</b>" * is_bold)
    return "".join(found).replace(JOINER, "")


def as_text(markdown: str) -> str:
    """The same as plain text.

    >>> as_text("**5** \\\\< 6")
    '5 < 6'
    """
    return html.unescape(re.sub(r"<[^>]*>", "", to_html(markdown)))
