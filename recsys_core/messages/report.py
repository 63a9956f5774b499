"""What the report can say."""

from __future__ import annotations

MESSAGES: dict[str, str] = {
    "report.file": "{value!r} is no HTML file; give --out a name that ends in .html.",
}
