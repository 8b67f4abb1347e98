"""`python -m vigie_dev COMMAND`: set-up and the demo."""

from __future__ import annotations

import argparse
import sys

from vigie_common.errors import VigieError


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m vigie_dev", description="The local stack: a real Kafka, a real Triton, every service."
    )
    commands = parser.add_subparsers(dest="command", required=True)

    setup = commands.add_parser(
        "setup",
        help="fetch the servers into the download cache",
        epilog="example: python -m vigie_dev setup --only kafka --only triton",
    )
    setup.add_argument("--tests", action="store_true", help="also what only the tests need")
    setup.add_argument("--only", action="append", metavar="NAME", help="kafka, triton, postgres or registry")
    return parser


def _setup(only: list[str] | None, *, tests: bool) -> None:
    from vigie_dev.install import RUNNING, TESTING, choose, install

    install(choose(only) if only else {**RUNNING, **(TESTING if tests else {})})


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 when it did what it is for."""
    given = _parser().parse_args(arguments)
    try:
        if given.command == "setup":
            _setup(given.only, tests=given.tests)
    except VigieError as problem:
        print(f"\n{problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
