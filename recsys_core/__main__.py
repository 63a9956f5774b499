"""Command line: ``python -m recsys_core COMMAND``; the contract for scripts stands in the README.

Exit status 0, or 2 with one line on standard error: for bad input, for a file that cannot be read or
written, for too little memory, and for a run that was interrupted. ``--json`` prints one object on
standard output; progress goes to standard error.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import signal
import sys
from pathlib import Path
from typing import NoReturn

from recsys_core import commands
from recsys_core.data.folder import without_nan
from recsys_core.errors import RecLensError, SettingError, phrase
from recsys_core.explain.methods import DEFAULT, METHODS
from recsys_core.progress import EVENTS, ProgressEvents, ProgressLine, Reporter
from recsys_core.variant import ModelVariant

MOST_SEED = 2**32 - 1  # what every library's generator takes
TRACEBACK = "RECLENS_TRACEBACK"  # set, an unexpected error shows where it happened
SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")


class Interrupted(BaseException):
    """A signal asked the run to end; not an ``Exception``, so that nothing on the way takes it for a fault."""


def main(arguments: list[str] | None = None) -> int:
    """Exit status of a command that was parsed, run and printed: 0, or 2 with one line on standard error."""
    before = _unwind_on_signals()
    progress: Reporter = ProgressEvents() if os.environ.get(EVENTS) == "1" else ProgressLine()
    command = ""
    try:
        args = _parser().parse_args(arguments)
        command = args.command
        _check_values(args)
        found = without_nan(args.run(args, progress))
        progress.close()
        return _print(json.dumps(found) if args.json else "\n".join(_lines(found)))
    except (Interrupted, KeyboardInterrupt):
        problem: object = phrase("run.interrupted")
    except RecLensError as error:
        problem = error
    except MemoryError:
        problem = phrase("run.memory")
    except OSError as error:
        problem = phrase("run.file", file=error.filename or "-", reason=error.strerror or type(error).__name__)
    except Exception as error:
        if os.environ.get(TRACEBACK):
            raise
        problem = phrase("run.unexpected", kind=type(error).__name__, reason=str(error), variable=TRACEBACK)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    progress.stopped(command, problem)
    return 2


def _unwind_on_signals() -> dict[int, object]:
    """Let the first signal unwind the run, so that nothing half-written stays, and the next ones not disturb that.

    Returns the handlers that stood there before.
    """

    def stop(number: int, frame: object) -> NoReturn:
        for name in SIGNALS:
            signal.signal(getattr(signal, name), signal.SIG_IGN)
        raise Interrupted

    numbers = [getattr(signal, name) for name in SIGNALS if hasattr(signal, name)]
    ignored = [n for n in numbers if signal.getsignal(n) == signal.SIG_IGN]  # nohup: a closed terminal is no reason
    return {n: signal.signal(n, stop) for n in numbers if n not in ignored}


def _check_values(args: argparse.Namespace) -> None:
    """Raise ``SettingError`` for a seed or epochs that no generator or loop takes, and for bytes that are no text."""
    for name, low, high in (("seed", 0, MOST_SEED), ("epochs", 1, 10_000)):
        value = getattr(args, name, None)
        if value is not None and not low <= value <= high:
            raise SettingError("setting.between", name=name, low=low, high=high, value=value)
    for name, value in vars(args).items():
        if isinstance(value, str) and value != value.encode("utf-8", "replace").decode():
            raise SettingError("setting.text", name=name, value=ascii(value))


def _print(text: str) -> int:
    """Print the result, in any encoding; a reader who has gone (``| head -1``) has all that was wanted."""
    try:
        if hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(errors="backslashreplace")
        print(text, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python complains when it ends
    return 0


class Parser(argparse.ArgumentParser):
    """A parser whose complaints are errors like all others: one line, no usage before it."""

    def error(self, message: str) -> NoReturn:
        raise SettingError("setting.arguments", reason=message, command=self.prog)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="recsys_core", description="Explain, compress and audit a recommender.")
    words = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_data_commands(words)
    _add_training_commands(words)
    _add_question_commands(words)
    for word in words.choices.values():
        word.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


def _add(words, name: str, run, help: str) -> argparse.ArgumentParser:
    word = words.add_parser(name, help=help, description=help)
    word.set_defaults(run=run)
    return word


def _add_data_commands(words) -> None:
    word = _add(words, "sample", commands.run_sample, "make sample data with a planted truth")
    word.add_argument("--domain", default="shop")
    word.add_argument("--seed", type=int, default=0)
    word.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    word = _add(words, "import", commands.run_import, "check tables and make a dataset of them")
    _add_source(word, required=True)
    word.add_argument("--out", type=Path, required=True, metavar="DATASET")


def _add_source(word: argparse.ArgumentParser, *, required: bool) -> None:
    word.add_argument("--format", required=required, default="tables")
    word.add_argument("source", type=Path, metavar="SOURCE")
    word.add_argument("--mapping", type=Path, metavar="FILE")


def _add_training_commands(words) -> None:
    word = _add(words, "train", commands.run_train, "train a workspace on a dataset")
    word.add_argument("--data", type=Path, required=True, metavar="DATASET")
    word.add_argument("--out", type=Path, required=True, metavar="WORKSPACE")
    word.add_argument("--name", default="", help="what the app calls the workspace")
    word.add_argument("--task", choices=("implicit", "like", "rating"))
    word.add_argument("--split", choices=("time", "random", "cutoff"), default="time")
    word.add_argument("--seed", type=int, default=0)
    word.add_argument("--epochs", type=int)
    word.add_argument(
        "--encoder", default="sentence-transformers/all-MiniLM-L6-v2", help="text encoder: a name or a folder"
    )
    word = _add(words, "measure", commands.run_measure, "measure the default compression levels that are not yet")
    word.add_argument("--workspace", type=Path, required=True, metavar="W")
    word.add_argument("--model", default="", metavar="ID", help="a model of the workspace (default: current)")
    word.add_argument("--seconds", type=float, default=math.inf, metavar="S", help="begin no level after so long")
    word = _add(words, "prepare", commands.run_prepare, "import, train and measure the default compression levels")
    _add_source(word, required=False)
    word.add_argument("--out", type=Path, required=True, metavar="WORKSPACE")
    word.add_argument("--name", default="", help="what the app calls the workspace")
    word.add_argument("--seed", type=int, default=0)


def _add_question_commands(words) -> None:
    word = _add(words, "models", commands.run_models, "the models of a workspace; make one current, or remove one")
    word.add_argument("--workspace", type=Path, required=True, metavar="W")
    word.add_argument("--make-current", metavar="ID")
    word.add_argument("--remove", metavar="ID")
    _about_variant(words, "evaluate", commands.run_evaluate, "quality on the test part")
    word = _about_variant(words, "recommend", commands.run_recommend, "a user's best unseen items")
    word.add_argument("--user", required=True, metavar="ID")
    word.add_argument("--k", type=int, default=10)
    word = _about_variant(words, "explain", commands.run_explain, "why a user gets an item")
    word.add_argument("--user", required=True, metavar="ID")
    word.add_argument("--item", required=True, metavar="ID")
    word.add_argument("--method", default=DEFAULT, help=f"one of {', '.join(METHODS)}")
    word.add_argument("--history", default="one", help="the history as one reason, or each item a reason")
    word.add_argument("--background", type=int, default=32, metavar="N")
    word.add_argument("--seed", type=int, default=0)
    _about_variant(words, "compress", commands.run_compress, "what a variant costs and changes, beside the dense model")
    word = _about_variant(words, "fairness", commands.run_fairness, "quality and exposure by group")
    by = "columns to group by, as a line of CSV (default: audit every column of users, largest gaps first)"
    word.add_argument("--by", metavar="COLUMN[,COLUMN]", help=by)


def _about_variant(words, name: str, run, help: str) -> argparse.ArgumentParser:
    word = _add(words, name, run, help)
    word.add_argument("--workspace", type=Path, required=True, metavar="W")
    ModelVariant.add_arguments(word)
    return word


def _lines(found: dict, indent: str = "") -> list[str]:
    """The same object for a person: one figure a line."""
    out = []
    for key, value in found.items():
        if key == "understood":
            from recsys_core.data.understood import table_lines

            out += [f"{indent}{key}:", *(f"{indent}  {line}" for line in table_lines(value))]
        elif key == "warnings" and value:
            out += [f"{indent}{key}:", *(f"{indent}  {warning}" for warning in value)]
        elif isinstance(value, dict):
            out += [f"{indent}{key}:", *_lines(value, indent + "  ")]
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            out.append(f"{indent}{key}:")
            out += [indent + "  " + "  ".join(f"{k}={_short(v)}" for k, v in _amount(row).items()) for row in value]
        else:
            out.append(f"{indent}{key}: {_short(value)}")
    return out


def _amount(row: dict) -> dict:
    """A row's value with its unit in words, where it has one: "12 items", "1 item", "89.9 €", "unknown".

    >>> _amount({"value": 1, "unit": "items"}), _amount({"value": None, "unit": ""}), _amount({"k": 1})
    ({'value': '1 item'}, {'value': 'unknown'}, {'k': 1})
    """
    if "unit" not in row:
        return row
    value, unit = row["value"], row["unit"]
    if value is None:
        said = "unknown"
    else:
        said = f"{value:.6g}" if isinstance(value, float) else str(value)
        said = f"{said} {'item' if (value, unit) == (1, 'items') else unit}".rstrip()
    return {k: v for k, v in row.items() if k != "unit"} | {"value": said}


def _short(value: object) -> str:
    """A cell of the text for a person, four digits of a number.

    >>> _short(0.123456), _short(None), _short("None")
    ('0.1235', 'none', 'None')
    """
    if value is None:  # the JSON's null in words: Python's are nobody's
        return "none"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    sys.exit(main())
