"""Write a report's sections as one HTML file that needs nothing else."""

from __future__ import annotations

import html
from collections.abc import Sequence

from dashboard.presentation.report.blocks import Block, Notes, Picture, Said, Section, Table
from dashboard.presentation.report.inline import to_html
from dashboard.presentation.texts import language, plain

STYLE = """
:root{color-scheme:light dark;--ink:#1c2430;--soft:#5d6673;--line:#d9dde3;--page:#fff;--blue:#2f6fb3;--orange:#b4540f}
@media (prefers-color-scheme:dark){:root{--ink:#e6e9ee;--soft:#a3abb7;--line:#3a414c;--page:#14181e;
--blue:#7fb2ea;--orange:#f0a066}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:60rem;padding:2rem 1.5rem 4rem;background:var(--page);color:var(--ink);
font:15px/1.55 system-ui,"Segoe UI",Roboto,"Noto Sans","Noto Sans SC","PingFang SC","Microsoft YaHei",sans-serif}
h1{font-size:1.7rem;line-height:1.25;margin:0 0 .3rem}h2{font-size:1.25rem;margin:2.4rem 0 .5rem;padding-top:.6rem;
border-top:1px solid var(--line)}h3{font-size:1.02rem;margin:1.5rem 0 .4rem}
p{margin:.5rem 0}p.lead{font-size:1.05rem}.notes,.origin{color:var(--soft);font-size:.84rem}
.notes span:not(:last-child)::after,.origin span:not(:last-child)::after{content:" · "}
.blue{color:var(--blue)}.orange{color:var(--orange)}.gray,.small{color:var(--soft)}
nav{margin:1rem 0;font-size:.9rem}nav a{color:var(--blue);margin-right:1rem;text-decoration:none}
.wide{overflow-x:auto;margin:.7rem 0}table{border-collapse:collapse;font-size:.84rem;min-width:100%}
caption{text-align:left;color:var(--soft);padding:.2rem 0}
th,td{padding:.28rem .55rem;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}
th{color:var(--soft);font-weight:600}.r{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}th.r{white-space:normal}td{min-width:3rem}td:nth-child(3):not(.r){min-width:9rem}
svg{width:100%;max-width:46rem;height:auto;display:block;margin:.6rem 0}
svg text{font-size:12px;fill:var(--ink)}svg .label{text-anchor:end}svg .tick{text-anchor:middle;fill:var(--soft)}
svg .none{fill:var(--soft)}svg .grid{stroke:var(--line)}
svg .all{stroke:var(--soft);stroke-dasharray:4 4;stroke-width:1.5}
svg .range{stroke:var(--blue);stroke-width:2.5}svg .dot{fill:var(--blue)}svg .after{fill:var(--orange);stroke:none}
svg .after-range{stroke:var(--orange);stroke-width:2.5}
@page{size:A4;margin:16mm 14mm}
@media print{:root{--ink:#000;--soft:#444;--line:#bbb;--page:#fff;--blue:#1d568f;--orange:#8f430c}
body{max-width:none;padding:0;font-size:10pt}nav{display:none}h2{break-after:avoid}h3{break-after:avoid}
svg,tr,figure{break-inside:avoid}table{font-size:8pt}th,td{padding:.15rem .35rem}.wide{overflow:visible}
thead{display:table-header-group}a{color:inherit}}
"""


def page(title: str, origin: Sequence[str], sections: Sequence[Section]) -> str:
    """The file's text: ``title``, what it came from, and the sections with a list of them at the top."""
    links = "".join(f'<a href="#{html.escape(s.key)}">{html.escape(s.title)}</a>' for s in sections)
    about = "".join(f"<span>{html.escape(line)}</span>" for line in origin)
    body = "".join(_section(section, 2) for section in sections)
    return (
        f'<!doctype html><html lang="{plain("report.html_lang") if language() else "en"}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{html.escape(title)}</title><style>{STYLE}</style></head><body>"
        f'<h1>{html.escape(title)}</h1><p class="origin">{about}</p><nav>{links}</nav>{body}</body></html>\n'
    )


def _section(section: Section, level: int) -> str:
    head = f'<h{level} id="{html.escape(section.key)}">{html.escape(section.title)}</h{level}>'
    inside = "".join(map(_block, section.blocks)) + "".join(_section(part, level + 1) for part in section.parts)
    return f"<section>{head}{inside}</section>"


def _block(block: Block) -> str:
    if isinstance(block, Said):
        return f'<p class="lead">{to_html(block.text)}</p>' if block.leads else f"<p>{to_html(block.text)}</p>"
    if isinstance(block, Notes):
        lines = "".join(f"<span>{to_html(line)}</span>" for line in block.lines if line)
        return f'<p class="notes">{lines}</p>' if lines else ""
    if isinstance(block, Picture):
        return f'<figure style="margin:0">{block.svg}</figure>'
    return _table(block)


def _table(table: Table) -> str:
    caption = f"<caption>{html.escape(table.caption)}</caption>" if table.caption else ""
    head = "".join(_cell("th", name, at, table) for at, name in enumerate(table.rows.columns))
    rows = "".join(
        "<tr>" + "".join(_cell("td", cell, at, table) for at, cell in enumerate(row)) + "</tr>"
        for row in table.rows.itertuples(index=False)
    )
    return f'<div class="wide"><table>{caption}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def _cell(tag: str, value: object, at: int, table: Table) -> str:
    kind = ' class="r"' if at >= table.n_texts else ""
    return f"<{tag}{kind}>{html.escape(str(value))}</{tag}>"
