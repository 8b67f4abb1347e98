"""The `vigie` command. A sub-command's module is imported when it is asked for, so that `--help` is quick."""

from __future__ import annotations

import importlib
import logging
import os
import sys
from importlib.metadata import version
from typing import Annotated, Any, Final

import typer

from vigie_cli.options import EXIT_USAGE, WrongOptionError
from vigie_common.errors import EXIT_CONFIGURATION, ConfigurationError, VigieError
from vigie_common.known_settings import unknown_variables

COMMANDS: Final[dict[str, str]] = {
    "apply": "Publish cameras, rules and authorisations.",
    "cameras": "Check and calibrate camera files, bring cameras into service, see how they fare.",
    "rules": "Begin, check, test, replay, publish, watch and explain rules.",
    "scene": "Simulated streets with ground truth: list, draw, record, film.",
    "evaluate": "How good tracks are, against a truth: HOTA, IDF1, MOTA.",
    "replay": "Run a recording through the services' own cores.",
    "alerts": "Watch alerts as they come.",
    "stats": "Counts, occupancy, dwell and congestion: top, show, export, unusual.",
    "models": "The model catalogue and its files.",
    "topics": "Create the Kafka topics.",
    "schemas": "The Avro schemas of the topics.",
}
"""Sub-commands: each is the module `vigie_cli.NAME`, with `app` (several commands) or `command` (one)."""

EXAMPLES: Final[dict[str, str]] = {
    "cameras": "vigie cameras check town · vigie cameras apply town · vigie cameras list --watch · "
    "vigie cameras show gate-01 --picture view.png --tracks",
    "rules": "vigie rules new delivery-bay --template stopped --site town · vigie rules lint town · "
    "vigie rules test town · vigie rules publish town · vigie rules status",
    "scene": "vigie scene list · vigie scene draw stopped-happens --at 60 --out bay.png",
    "evaluate": "vigie evaluate tracks --truth gt.txt --result tracks.txt · vigie evaluate rules --quick",
    "alerts": "vigie alerts tail --lang en · vigie alerts check",
    "stats": "vigie stats top --since 7d · vigie stats show porte --since 1d --window h1",
    "models": "vigie models list · vigie models fetch yolox-nano",
    "topics": "vigie topics create · vigie topics list",
    "schemas": "vigie schemas check",
}
"""Of the groups of several commands; each command's own help has its own."""

_STATUSES: Final = ((ConfigurationError, EXIT_CONFIGURATION), (WrongOptionError, EXIT_USAGE))
"""Exit statuses of errors; of every other it is 1."""

_PASS_ON: Final = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # a traceback with local variables could show credentials
    epilog="Examples: vigie topics create · vigie rules lint rules --cameras cameras · vigie apply . · "
    "vigie alerts tail · vigie replay film.avi --fps 5 --model hog --out result",
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"vigie {version('vigie-cli')}")
        raise typer.Exit


@app.callback()
def _vigie(
    _: Annotated[bool, typer.Option("--version", help="Say the version.", callback=_version, is_eager=True)] = False,
) -> None:
    """Vigie turns a city's cameras into counts, signals and alerts."""
    # what goes wrong is said once, by the error that ends the command
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    for unknown in unknown_variables(os.environ):
        sys.stderr.write(f"warning: {unknown}\n")


def _add(name: str, text: str) -> None:
    """A command that imports its module when it runs and hands its arguments on."""

    @app.command(name, help=text, context_settings=_PASS_ON)
    def run(context: typer.Context) -> None:
        module = importlib.import_module(f"vigie_cli.{name}")
        inner: typer.Typer = getattr(module, "app", None) or _single(module.command)
        inner.pretty_exceptions_enable = False
        inner.info.epilog = f"Examples: {EXAMPLES[name]}" if name in EXAMPLES else None
        try:
            _plain_flags(typer.main.get_command(inner))(args=context.args, prog_name=f"vigie {name}")
        except VigieError as error:
            sys.stderr.write(f"{error}\n")
            raise typer.Exit(_status(error)) from None
        except OSError as error:  # a file or folder that cannot be read or written; the network has errors of its own
            if error.filename is None:
                raise
            sys.stderr.write(f"{error.filename}: {error.strerror}: check the path, and who may read and write there\n")
            raise typer.Exit(1) from None


def _status(error: VigieError) -> int:
    return next((status for kind, status in _STATUSES if isinstance(error, kind)), 1)


def _plain_flags(command: Any) -> Any:
    """The same command (of click, as typer has it within) whose help shows no `<bool>` where no value can be given."""
    for option in (*command.params, command.get_help_option(command.context_class(command))):
        if getattr(option, "is_flag", False) and option.metavar is None:
            option.metavar = ""
    for inner in getattr(command, "commands", {}).values():
        _plain_flags(inner)
    return command


def _single(command: object) -> typer.Typer:
    single = typer.Typer(add_completion=False)
    single.command()(command)  # type: ignore[type-var]  # any function is a command
    return single


for _name, _text in COMMANDS.items():
    _add(_name, _text)
