"""What lies in a file, whatever its name says: unpacked bytes, and the kind of content they are."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import IO, Any

import pyarrow as pa

from recsys_core.data.tables import KINDS, PACKINGS, missing, unreadable
from recsys_core.errors import DataError, phrase

_DEEPEST = 3  # a packed file in a packed file in an archive
_HEAD = 1000  # bytes; a text may begin like a binary file, but holds no NUL
_CHUNK = 4_000_000  # bytes unpacked at once
_MOST_SHARE = 0.5  # of the memory that is free: the bytes and the table that is made of them stand side by side
_DAMAGE: tuple[type[BaseException], ...] = (OSError, EOFError, ValueError, RuntimeError, NotImplementedError)
_DAMAGE += (MemoryError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, pa.ArrowException)


def _open_zstd(packed: io.BytesIO) -> Any:
    return pa.CompressedInputStream(pa.BufferReader(packed.getvalue()), "zstd")


_PACKED: dict[bytes, Callable[[io.BytesIO], Any]] = {
    b"\x1f\x8b": gzip.open,
    **{b"BZh%d1AY&SY" % level: bz2.open for level in range(1, 10)},
    b"\xfd7zXZ\x00": lzma.open,
    b"\x28\xb5\x2f\xfd": _open_zstd,
}
# how other kinds of file begin: what they are, and what to do
_FOREIGN = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "kind.old_workbook", "fix.save_csv"),
    (b"FEA1\0", "kind.old_feather", "fix.save_csv"),
    (b"SQLite format 3\0", "kind.database", "fix.save_csv"),
    (b"\x89HDF\r\n", "kind.hdf", "fix.save_csv"),
    (b"\x93NUMPY", "kind.array", "fix.save_csv"),
    (b"%PDF-", "kind.pdf", "fix.save_csv"),
    (b"version https://git-lfs", "kind.lfs", "fix.lfs"),
    *((bytes([0x80, version]), "kind.pickle", "fix.save_csv") for version in (2, 3, 4, 5)),
    (b"7z\xbc\xaf\x27\x1c", "kind.archive", "fix.unpack"),
    (b"Rar!\x1a\x07", "kind.archive", "fix.unpack"),
)


def read_content(path: Path) -> tuple[str, bytes, str]:
    """What a file holds.

    Returns
    -------
    file, data, kind
        Its name for messages (an archive's with its member), the unpacked bytes, and ``parquet``,
        ``arrow``, ``workbook`` or ``text``: what the content is, not what the suffix says.

    Raises
    ------
    DataError
        ``table.missing``; ``table.unreadable`` for damage; ``table.foreign`` for a kind of file that is
        not read, with what it is; ``table.several`` and ``table.none_inside`` for an archive;
        ``table.over_memory`` for a packed file that unpacks to more than half of the free memory.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise missing(path) from None
    except OSError as problem:
        raise unreadable(path.name, problem) from None
    return unpack(path.name, data)


def unpack(file: str, data: bytes, depth: int = 0) -> tuple[str, bytes, str]:
    """`read_content` of bytes that were read already."""
    inner, packed = file, None
    try:
        packed = next((opened for magic, opened in _PACKED.items() if data.startswith(magic)), None)
        if packed and depth < _DEEPEST:
            with packed(io.BytesIO(data)) as stream:
                data = _read_all(file, stream)
            return unpack(file, data, depth + 1)
        if data.startswith((b"PK\x03\x04", b"PK\x05\x06")) and depth < _DEEPEST:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                if _is_workbook(file, archive):
                    _check_size(file, sum(info.file_size for info in archive.infolist()), free_memory())
                    return file, data, "workbook"
                member = _only_table(file, archive)
                inner = f"{file} ({member})"
                with archive.open(member) as stream:
                    data = _read_all(inner, stream)
            return unpack(inner, data, depth + 1)
    except _DAMAGE as problem:
        raise unreadable(inner, problem) from None
    for magic, kind in ((b"PAR1", "parquet"), (b"ARROW1", "arrow")):
        if data.startswith(magic) and (b"\0" in data[:_HEAD] or data.endswith(magic)):
            return file, data, kind
    _refuse_foreign(file, data)
    return file, data, "text"


def free_memory() -> int:
    """Bytes of memory that are free now; without a bound where the system does not say."""
    try:
        lines = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
        return 1024 * int(lines["MemAvailable"].split()[0])
    except (OSError, KeyError, ValueError):
        pass
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):  # not on Windows
        return 2**63


def _read_all(file: str, stream: IO[bytes]) -> bytes:
    """What is packed in a stream, a chunk at a time: a few kilobytes may unpack to more than any memory."""
    free, found = free_memory(), io.BytesIO()
    while chunk := stream.read(_CHUNK):
        found.write(chunk)
        _check_size(file, found.tell(), free)
    return found.getvalue()


def _check_size(file: str, n_bytes: int, free: int) -> None:
    most = int(free * _MOST_SHARE)
    if n_bytes > most:
        raise DataError("table.over_memory", file=file, size=f"{most / 1e9:.2g} GB")


def _refuse_foreign(file: str, data: bytes) -> None:
    found = next(((what, fix) for magic, what, fix in _FOREIGN if data.startswith(magic)), None)
    if data[257:262] == b"ustar":
        found = ("kind.archive", "fix.unpack")
    start = data[:200].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        found = ("kind.html", "fix.download")
    elif start.startswith(b"<?xml"):
        found = ("kind.xml", "fix.save_csv")
    if found:
        what, fix = map(phrase, found)
        raise DataError("table.foreign", file=file, what=what, fix=fix)


def _is_workbook(file: str, archive: zipfile.ZipFile) -> bool:
    """True for .xlsx; office documents of other kinds are refused."""
    names = set(archive.namelist())
    if "xl/workbook.xml" in names:
        return True
    what = None
    if "xl/workbook.bin" in names:
        what = "kind.old_workbook"
    elif "[Content_Types].xml" in names or "content.xml" in names:
        what = "kind.office"
    if what:
        raise DataError("table.foreign", file=file, what=phrase(what), fix=phrase("fix.save_csv"))
    return False


def members(archive: zipfile.ZipFile) -> list[str]:
    """Files of an archive, without folders and what systems leave beside them."""
    hidden = ("__MACOSX", ".", "Thumbs.db", "desktop.ini")
    names = (info.filename for info in archive.infolist() if not info.is_dir())
    return [name for name in names if not any(part.startswith(hidden) for part in PurePosixPath(name).parts)]


def is_table_name(name: str) -> bool:
    """Whether a file's suffix is one of a table, packed or not; ``.dat`` and MovieLens' names count.

    >>> is_table_name("a/users.csv.gz"), is_table_name("README.md")
    (True, False)
    """
    lower = name.lower()
    return any(lower.endswith(kind + packing) for kind in (*KINDS, ".dat", ".data") for packing in PACKINGS)


def _only_table(file: str, archive: zipfile.ZipFile) -> str:
    """The one table in an archive; a lone file counts whatever its name."""
    inside = members(archive)
    tables = [name for name in inside if is_table_name(name)] or inside
    if len(tables) > 1:
        readme = [name for name in tables if not PurePosixPath(name).stem.lower().startswith("readme")]
        tables = readme if len(readme) == 1 else tables
    if not tables:
        raise DataError("table.none_inside", file=file)
    if len(tables) > 1:
        raise DataError("table.several", file=file, count=len(tables), names=", ".join(tables[:5]))
    return tables[0]
