"""Command line: ``python -m recsys_core COMMAND``; the contract for scripts stands in the README.

Exit status 0, or 2 with one line on standard error: for bad input, for a file that cannot be read or
written, for too little memory, and for a run that was interrupted. ``--json`` prints one object on
standard output; progress goes to standard error.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from functools import cache
from typing import Any, NoReturn, cast

from recsys_core.commands import COMMANDS, Command
from recsys_core.commands.lines import lines_of
from recsys_core.data.folder import without_nan
from recsys_core.errors import RecLensError, SettingError, phrase
from recsys_core.progress import EVENTS, ProgressEvents, ProgressLine, Reporter

MOST_SEED = 2**32 - 1  # what every library's generator takes
TRACEBACK = "RECLENS_TRACEBACK"  # set, an unexpected error shows where it happened
SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")


class Interrupted(BaseException):
    """A signal asked the run to end; not an ``Exception``, so that nothing on the way takes it for a fault."""


def main(
    arguments: list[str] | None = None, *, commands: tuple[Command, ...] = COMMANDS, prog: str = "recsys_core"
) -> int:
    """Exit status of one of the ``commands`` that was parsed, run and printed: 0, or 2 with one line on standard error.

    ``prog`` is what the line calls the program.
    """
    before = _unwind_on_signals()
    progress: Reporter = ProgressEvents() if os.environ.get(EVENTS) == "1" else ProgressLine()
    command = ""
    try:
        args = _parser(commands, prog).parse_args(arguments)
        command = args.command
        _check_values(args)
        found = cast(dict[str, Any], without_nan(args.run(args, progress)))
        progress.close()
        return _print(json.dumps(found) if args.json else "\n".join(lines_of(found)))
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
    progress.stopped(f"{prog} {command}", problem)
    return 2


def _unwind_on_signals() -> dict[int, Any]:
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
    said = ((name, v) for name, value in vars(args).items() for v in (value if isinstance(value, list) else [value]))
    for name, value in said:
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


@cache
def _parser(commands: tuple[Command, ...], prog: str) -> argparse.ArgumentParser:
    parser = Parser(prog=prog, description="Explain, compress and audit a recommender.")
    words = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in commands:
        word = words.add_parser(command.name, help=command.help, description=command.help)
        command.add_arguments(word)
        word.add_argument("--json", action="store_true", help="print one JSON object")
        word.set_defaults(run=command.run)
    return parser


if __name__ == "__main__":
    sys.exit(main())
