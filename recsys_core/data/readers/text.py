"""Text files: what is known of their form, and their bytes as UTF-8."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from itertools import pairwise

from recsys_core.errors import DataError, phrase, require

_MARKS = (  # byte order marks, the longer ones first
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LOOKED_AT = 400  # bytes that tell UTF-16 without a mark
_SHOWN = 12  # letters around a wrong byte


@dataclass(frozen=True, slots=True)
class TextFormat:
    """What is known of a text file; None is found out.

    Attributes
    ----------
    delimiter
        Any text that parts the cells; found in the header: comma, semicolon, tab, ``|`` or ``::``.
    encoding
        A codec's name; found: UTF-8, or UTF-16 and UTF-32 by their mark. A mark outweighs the name.
    escape
        A letter before a quotation mark that is meant as one (``\\``); doubled marks are always read.
    quoting
        Whether a double quote may enclose a cell that holds the delimiter or a line end.
    names
        The columns of a file without a header.
    """

    delimiter: str | None = None
    encoding: str | None = None
    escape: str | None = None
    quoting: bool = True
    names: tuple[str, ...] | None = None


PLAIN = TextFormat()


def decode_text(file: str, data: bytes, encoding: str | None) -> bytes:
    """UTF-8 bytes of a text file with ``\\n`` line ends, the last line ended too, without a mark.

    Raises ``DataError`` (``table.empty``, ``table.encoding``, ``table.nul``).
    """
    require(bool(data.strip()), DataError, "table.empty", file=file, expected=phrase("expected.records"))
    found = _find_encoding(data) or encoding or "utf-8"
    try:
        text = data.decode(found)
        if found != "utf-8" or text[0] == "\ufeff":
            data = text.removeprefix("\ufeff").encode()
    except UnicodeError as problem:
        at = problem.start if isinstance(problem, UnicodeDecodeError) else 0
        raise _wrong_byte(file, data, found, at) from None
    del text
    require(bool(data.strip()), DataError, "table.empty", file=file, expected=phrase("expected.records"))
    nul = data.find(b"\0")
    require(nul < 0, DataError, "table.nul", file=file, row=data.count(b"\n", 0, max(nul, 0)) + 1)
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return data if data.endswith(b"\n") else data + b"\n"


def _find_encoding(data: bytes) -> str | None:
    """The encoding that a byte order mark names, or that every second byte being NUL gives away."""
    marked = next((encoding for mark, encoding in _MARKS if data.startswith(mark)), None)
    head = data[:_LOOKED_AT]
    if marked or len(data) % 2 or len(head) < 4:
        return marked
    even, odd = head[::2].count(0), head[1::2].count(0)
    if not even and odd > len(head) / 4:
        return "utf-16-le"
    return "utf-16-be" if not odd and even > len(head) / 4 else None


def _wrong_byte(file: str, data: bytes, encoding: str, at: int) -> DataError:
    """The row and byte that are not of ``encoding``, and how the likeliest other encoding reads that place."""
    row = data[:at].decode(encoding, "ignore").count("\n") + 1
    guess = "gb18030" if _in_pairs(data) else "cp1252"
    try:
        data.decode(guess)
    except UnicodeError:
        guess = "latin-1"
    begin = max(data.rfind(b"\n", 0, at) + 1, at - _SHOWN)
    end = data.find(b"\n", at)
    reads = data[begin : min(end if end >= 0 else len(data), at + _SHOWN)].decode(guess, "replace").strip()
    shown = "".join(c for c in reads if c.isprintable())
    name = encoding.upper().removesuffix("-SIG")
    byte = f"0x{data[at]:02X}" if at < len(data) else ""
    return DataError("table.encoding", file=file, row=row, byte=byte, encoding=name, guess=guess, reads=shown)


def _in_pairs(data: bytes) -> bool:
    """Whether bytes above 127 mostly stand beside one another, as in Chinese text."""
    high = [i for i, byte in enumerate(data[:100_000]) if byte > 127]
    beside = sum(b - a == 1 for a, b in pairwise(high))
    return beside >= 0.6 * len(high) > 0


def is_text_encoding(name: str) -> bool:
    """Whether Python knows a text encoding of this name.

    >>> is_text_encoding("ISO-8859-1"), is_text_encoding("base64"), is_text_encoding("utf-9")
    (True, False, False)
    """
    try:
        "a".encode(name)
        return True
    except (LookupError, ValueError, UnicodeError):
        return False
