"""The command line: `contrage STEP --settings JSON --input-or-output PATH …`, and commands."""

from __future__ import annotations

import argparse
import io
import logging
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path

from contrage.errors import ContrageError, UnwritableError, in_a_line
from contrage.logs import log_to
from contrage.settings.command import STEPS, load_step, settings_of, step_parser

COMMANDS = {
    "index": "contrage.index.command:index",
    "export": "contrage.bundle.command:export",
    "predict": "contrage.bundle.command:predict",
    "serve": "contrage.serve.command:serve",
    "verify": "contrage.verify.command:verify",
}
"""What people call, not rules: a function that takes the parsed options and returns the exit
status, and beside it one of the same name and "_parser" that adds the options to a parser."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one step; exit with 1 and a short message where a `ContrageError` says why."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):  # a console that lacks a letter shows its number
        sys.stdout.reconfigure(errors="backslashreplace")
    chooser = argparse.ArgumentParser(prog="contrage", description="Run one step of contrage.")
    known = [*COMMANDS, *STEPS]
    chooser.add_argument("step", choices=known, metavar="STEP", help=", ".join(known))
    step = chooser.parse_args(arguments[:1]).step
    carry_out = (command if step in COMMANDS else step_of_rule)(step, arguments[1:])
    try:
        if status := carry_out():
            sys.exit(status)
    except ContrageError as error:
        logging.getLogger("contrage").error("%s", error)
        sys.exit(1)
    except Exception as error:
        # Into the log as well: on a cluster, what goes to the console is in another file.
        if line := in_a_line(error):
            logging.getLogger("contrage").error("%s", line)
        else:
            logging.getLogger("contrage").exception("an error that contrage did not expect")
        sys.exit(1)


def step_of_rule(step: str, arguments: Sequence[str]) -> Callable[[], None]:
    """Return what carries out a step, its options read."""
    function = load_step(step)
    options = vars(step_parser(step, function).parse_args(arguments))
    log = options.pop("log")

    def carry_out() -> None:
        start_logging(log)
        function(settings_of(function, options.pop("settings")), **options)

    return carry_out


def command(name: str, arguments: Sequence[str]) -> Callable[[], int]:
    """Return what carries out a command, its options read; it returns the exit status."""
    module, function = COMMANDS[name].split(":")
    home = import_module(module)
    parser = argparse.ArgumentParser(prog=f"contrage {name}")
    getattr(home, f"{function}_parser")(parser)
    parser.add_argument("--log", type=Path, help="write the log to this file")
    given = parser.parse_args(arguments)

    def carry_out() -> int:
        start_logging(given.log, logging.WARNING)
        return getattr(home, function)(given)

    return carry_out


def start_logging(log: Path | None, least: int = logging.INFO) -> None:
    """Send warnings and errors to the console, and everything to the log file if there is one.

    Without a file, the console has all from `least` on.
    """
    logger = logging.getLogger("contrage")
    logger.setLevel(logging.INFO)
    console = logging.StreamHandler()
    console.setLevel(logging.WARNING if log else least)
    console.setFormatter(logging.Formatter("contrage: %(levelname)s: %(message)s"))
    logger.addHandler(console)
    if log:
        try:
            log.parent.mkdir(parents=True, exist_ok=True)
            log.write_text("", encoding="utf-8")
            log_to(log)
        except OSError as error:
            raise UnwritableError(log, error) from error
