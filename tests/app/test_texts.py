"""The two catalogues fit together, and pages hold no text of their own."""

from __future__ import annotations

import ast
import builtins
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from app_texts import PAGES, tables_of, texts_of

from dashboard.presentation.texts import LANGUAGES, catalogue, core_message, escape, numbers, placeholders, use_language
from recsys_core.errors import RecLensError, filled

ROOT = Path(__file__).resolve().parents[2]
WORDS_OF_DATA = ("column.", "unit.", "value.is.")  # keys for what known data sets hold


def test_both_languages_have_the_same_keys():
    english, chinese = catalogue("en"), catalogue("zh")
    assert sorted(english.keys() - chinese.keys()) == []
    assert sorted(chinese.keys() - english.keys()) == []


def named(key: str, language: str) -> set[str]:
    return placeholders(catalogue(language)[key].replace("!r}", "}"))


def test_both_languages_have_the_same_placeholders():
    known = catalogue("en").keys() & catalogue("zh").keys()
    assert [key for key in sorted(known) if named(key, "en") != named(key, "zh")] == []


def test_a_word_follows_its_number():
    sentence = "{n} {n|item was|items were} taken"
    assert [filled(sentence, {"n": n}) for n in (0, 1, 2, "1")] == [
        "0 items were taken",
        "1 item was taken",
        "2 items were taken",
        "1 item was taken",
    ]
    assert "1 item " in RecLensError("warning.titles_missing", count=1).args[0]


LONE_PLURAL = re.compile(
    r"\{(n|count)\} (?!of |different |times |is |was )(?:[a-z-]+ )?[a-z]+(?:s|eople)\b(?<! differs)"
)


def test_every_count_has_a_singular():
    """English sentences in which a number stands before a word that is always plural: "1 items"."""
    assert sorted(f"{k}: {v}" for k, v in catalogue("en").items() if LONE_PLURAL.search(v)) == []


def test_reasons_of_the_core_are_phrases():
    """A sentence in another language holds no English: what has words of its own is a message key."""
    bad = []
    for path in sorted((ROOT / "recsys_core").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.keyword) and node.arg in {"reason", "expected", "what", "part", "fix", "within"}:
                words = isinstance(node.value, ast.JoinedStr) or (
                    isinstance(node.value, ast.Constant) and " " in str(node.value.value)
                )
                bad += [f"{path.relative_to(ROOT)}:{node.value.lineno}"] * words
    assert bad == []


@pytest.mark.parametrize("key", ["table.nul", "warning.row_index"])
def test_a_file_s_name_keeps_its_case_at_the_start_of_a_sentence(key):
    assert core_message(key, {"file": "log.csv", "row": 3, "column": "index"}).startswith("log.csv")
    assert core_message("warning.no_time", {})[:1].isupper()


def test_what_somebody_called_a_workspace_keeps_its_case_and_a_setting_begins_a_sentence():
    assert core_message("setting.least", {"name": "epochs", "least": 1, "value": 0}).startswith("Epochs")
    use_language("zh")
    assert core_message("model.unknown", {"workspace": "eBooks", "model": "x", "known": "y"}).startswith("eBooks")


def code() -> Iterator[ast.AST]:
    """Every node of the code that may name a text."""
    for path in (p for part in ("dashboard", "pages", "recsys_core") for p in sorted((ROOT / part).rglob("*.py"))):
        if path.parent.name not in LANGUAGES and path.parent.name != "messages":
            yield from ast.walk(ast.parse(path.read_text()))


def words_of(node: ast.AST) -> set[str]:
    """A text or a name that a key may be put together from."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return {node.value, node.value.replace(" ", "_")}
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return {node.target.id}
    return {node.arg} if isinstance(node, ast.keyword) and node.arg else set()


def pattern_of(node: ast.JoinedStr) -> str:
    return "".join(re.escape(str(v.value)) if isinstance(v, ast.Constant) else "(.+)" for v in node.values)


def test_every_key_is_used():
    """A key stands in the code, or an f-string gives it when words that stand in the code are put into it."""
    nodes = list(code())
    words = set(dir(builtins)).union(*(words_of(node) for node in nodes))
    built = {pattern_of(node) for node in nodes if isinstance(node, ast.JoinedStr)}
    patterns = [re.compile(p) for p in sorted(built) if "\\." in p and "\\ " not in p]

    def is_used(key: str) -> bool:
        filled_in = (found.groups() for p in patterns if (found := p.fullmatch(key)))
        return key in words or any(
            all(part in words or part.split("@")[0] in words or part.isdigit() for part in parts) for parts in filled_in
        )

    keys = [key for key in catalogue("en") if not key.startswith(WORDS_OF_DATA)]
    assert [key for key in keys if not is_used(key.removeprefix("core."))] == []


@pytest.mark.parametrize("page", list(PAGES))
def test_no_text_is_hard_coded(open_app, page):
    app = open_app(page, lang="pseudo", user="3")
    assert not app.exception
    known = data_words(app)
    bare = [without_catalogue(text) for text in texts_of(app) + chart_titles(app) + table_titles(app)]
    words = {word for text in bare for word in re.findall(r"[A-Za-z]{4,}", text)}
    assert words - known == set()


LATIN = set(  # names and words of the field that Chinese sentences write in Latin letters
    re.findall(
        r"\w+",
        "AUC NDCG EASE EBM RecLens Shapley SHAP LIME DeepLIFT Holm MiniLM HOST AND logit implicit like rating",
    )
)


@pytest.mark.parametrize("page", list(PAGES))
def test_no_english_in_chinese(open_app, page):
    app = open_app(page, lang="zh", user="3")
    assert not app.exception
    known = data_words(app) | words_of_the_data()
    all_texts = texts_of(app) + chart_titles(app) + table_titles(app)
    shown = [re.sub(r":[a-z-]+\[|:material/\w+:", "", text) for text in all_texts]
    english = {word for text in shown for word in re.findall(r"[A-Za-z]{3,}", text)}
    assert english - known - LATIN == set()


def words_of_the_data() -> set[str]:
    """Words of the sample's tables and of its generator's names."""
    data = "\n".join((ROOT / "sample_data" / "shop" / f"{name}.csv").read_text() for name in ("users", "items"))
    return set(re.findall(r"[A-Za-z]{3,}", data))


CODE = re.compile(r"\{[^}]*\}|'[^']*'|“[^”]*”|--[a-z-]+|[A-Z]{2,}[\w@]*|\b[\w.]*[_./@0-9][\w./@-]*")
TERMS = set(  # commands, file formats, names of models and of settings as they are typed
    re.findall(
        r"\w+",
        "RecLens MiniLM Mini Ray interpret Unix ISO NUL NumPy Excel Parquet Feather Git Hugging Face README python "
        "Python SQLite apsw pickle safetensors bin utf true false None True False structured unstructured "
        "implicit like rating task epochs seed history one each "
        "shap lime shapley occlusion deeplift ig k",
    )
)


def test_chinese_messages_hold_no_english_but_terms():
    """Every message of the core with its English phrases as values: what is said in Chinese holds terms only."""
    chinese = {k: v for k, v in catalogue("zh").items() if k.startswith("core.")}
    english = {k: set(re.findall(r"[A-Za-z]{2,}", CODE.sub(" ", v))) - TERMS for k, v in chinese.items()}
    known = set(re.findall(r"[A-Za-z]{2,}", " ".join(data_terms())))
    assert {k: sorted(words - known) for k, words in english.items() if words - known} == {}


def data_terms() -> list[str]:
    """What a person types or reads in files: column names, keys of the mapping, commands."""
    sources = "\n".join(p.read_text() for p in sorted((ROOT / "recsys_core" / "data" / "importers").glob("*.py")))
    return re.findall(r"[\"']([\w-]+)[\"']", sources)


HALF_WIDTH = re.compile(
    r"[\u4e00-\u9fff][,;?!]|[\u4e00-\u9fff]: |[\u4e00-\u9fff][A-Za-z0-9]|[A-Za-z0-9][\u4e00-\u9fff]"
)


def test_chinese_is_set_as_chinese():
    """Full-width punctuation after a character, and a space between characters and Latin letters or numbers."""
    allowed = re.compile(r"\{[^}]*\}|[\\d]+年[\\d]+月[\\d]+日")
    bad = [f"{k}: {v}" for k, v in catalogue("zh").items() if HALF_WIDTH.search(allowed.sub("", v))]
    assert bad == []


def without_catalogue(text: str) -> str:
    """What is left of a text when everything that came from the catalogue is taken out."""
    text = re.sub(r":[a-z-]+\[", "", text)
    while "⟦" in text:
        text, before = re.sub(r"⟦[^⟦⟧]*⟧", "", text), text
        assert text != before, f"a sentence was cut: {before}"
    return text


def chart_titles(app) -> list[str]:
    """Axis, legend and tooltip titles of every chart, and their names for screen readers."""
    found = []
    for chart in app.get("vega_lite_chart"):
        found += re.findall(r'"title": "([^"]+)"', json.loads(json.dumps(chart.proto.spec, ensure_ascii=False)))
    return [text.encode().decode("unicode_escape") if "\\u" in text else text for text in found]


def table_titles(app) -> list[str]:
    return [str(name) for table in tables_of(app).values() for name in table.columns]


def data_words(app) -> set[str]:
    """Words that come from the data (names, titles, groups), and those of the hidden style."""
    options = [str(o) for box in app.selectbox for o in box.options]
    tables = [str(cell) for table in tables_of(app).values() for cell in table.to_numpy().ravel()]
    users = [str(text) for text in texts_of(app) if "·" in text]
    words = " ".join(options + tables + users)
    return set(re.findall(r"[A-Za-z]{4,}", without_catalogue(words))) | {"tiny", "shop", "style", "display", "none"}


@pytest.mark.parametrize(
    "title",
    [
        "<b>bold</b>",
        "# not a title",
        "[a](http://b.c)",
        "*star* _line_ `code`",
        "$x^2$",
        ":red[x] :smile:",
        "1. one",
        "a | b",
    ],
)
def test_text_from_data_is_escaped(title):
    shown = escape(title)
    for mark in "<>*_`[]$|":
        assert not re.search(rf"(?<!\\){re.escape(mark)}", shown)
    assert not shown.startswith("#")
    assert ":smile:" not in shown
    assert not re.match(r"\d+\.", shown)


def test_numbers_have_three_digits_thin_spaces_and_a_true_minus():
    assert numbers.number(0.83761) == "0.838"
    assert numbers.count(160813) == "160\u202f813"
    assert numbers.signed(-0.3) == "\u22120.30"
    assert numbers.signed(0.001) == "0.00"
    assert numbers.size(118_000) == "118 KB"
