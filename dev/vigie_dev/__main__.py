"""`python -m vigie_dev COMMAND`: set-up, the demo, its footage, and the stack for cameras of one's own."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys

from vigie_common.errors import VigieError


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m vigie_dev", description="The local stack: a real Kafka, a real Triton, every service."
    )
    commands = parser.add_subparsers(dest="command", required=True)

    setup = commands.add_parser(
        "setup",
        help="fetch the servers and compile the cores into the cache",
        epilog="example: python -m vigie_dev setup --only kafka --only triton",
    )
    setup.add_argument("--tests", action="store_true", help="also what only the tests need")
    setup.add_argument("--only", action="append", metavar="NAME", help="kafka, triton, cores, postgres or registry")

    demo = commands.add_parser(
        "demo",
        help="footage to alerts, with what happens shown; the last line is JSON",
        epilog="example: python -m vigie_dev demo --duration 60 --model hog",
    )
    demo.add_argument("--video", default=os.environ.get("VIDEO", ""), help="a recording; by default a sample")
    demo.add_argument("--model", default=os.environ.get("MODEL", ""), help="catalogue name or ONNX file")
    demo.add_argument(
        "--duration",
        type=_seconds,
        default=os.environ.get("DURATION") or None,
        help="seconds from when the services run; by default until Ctrl-C",
    )

    commands.add_parser(
        "footage",
        help="fetch the sample recording if it is not here, and print where it lies",
        epilog='example: cp "$(python -m vigie_dev footage)" site/cameras/',
    )

    stack = commands.add_parser(
        "stack",
        help="Kafka, Triton and every service for cameras of your own, until Ctrl-C",
        epilog="example: python -m vigie_dev stack --model yolox-nano",
    )
    stack.add_argument("--model", default=os.environ.get("MODEL", ""), help="catalogue name or ONNX file")
    stack.add_argument("--fresh", action="store_true", help="forget the cameras, rules and alerts of the last time")
    return parser


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 86_400:
        raise argparse.ArgumentTypeError(f"{text}: give seconds, more than 0 and at most 86400")
    return seconds


def _setup(only: list[str] | None, *, tests: bool) -> None:
    from vigie_dev.install import RUNNING, TESTING, choose, install

    install(choose(only) if only else {**RUNNING, **(TESTING if tests else {})})


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 when it did what it is for."""
    given = _parser().parse_args(arguments)
    try:
        if given.command == "setup":
            _setup(given.only, tests=given.tests)
        elif given.command == "stack":
            from vigie_dev.own_cameras import run as run_stack

            return run_stack(given.model, fresh=given.fresh)
        elif given.command == "footage":
            from vigie_dev.footage import find_footage

            with contextlib.redirect_stdout(sys.stderr):  # what it fetches is said; the path alone is the result
                path = find_footage()
            print(path)
        else:
            from vigie_dev.demo import run

            return run(given.video, given.model, given.duration)
    except VigieError as problem:
        print(f"\n{problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
