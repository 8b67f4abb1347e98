"""The tutorial's files and commands do what its text says, in order, on a real broker."""

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from vigie_common.paths import repository_resource
from vigie_common.topics import create_topics

PAGE = repository_resource("docs") / "tutorials" / "first-rule.md"
APPLY = "vigie cameras apply site"


def blocks():
    """(kind, text) of every block, in the order of the page."""
    return re.findall(r"```(\w+)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def commands(console):
    """(command, what it prints) of a console block."""
    parts = re.split(r"^\$ (.*)\n", console, flags=re.MULTILINE)[1:]
    return list(zip(parts[::2], parts[1::2], strict=True))


def steady(text):
    """Without what differs from run to run: digests, authors, times of publication."""
    text = re.sub(r"\b[0-9a-f]{16}\b", "DIGEST", text)
    text = re.sub(r"from \d{4}-\d\d-\d\d \d\d:\d\d:\d\d ", "from TIME ", text)
    return re.sub(r"by \S+ (.*) from TIME ", r"by AUTHOR \1 from TIME ", text)


@pytest.fixture
def environment(kafka_settings):
    """The variables of a shell with `vigie` on its path and the broker of the test."""
    settings = kafka_settings(topic_partitions=2)
    asyncio.run(create_topics(settings))
    return os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "VIGIE_KAFKA_BOOTSTRAP": settings.kafka_bootstrap,
        "VIGIE_TOPIC_PREFIX": settings.topic_prefix,
        "VIGIE_TOPIC_PARTITIONS": "2",
    }


def test_every_command_of_the_tutorial_prints_what_the_page_says(tmp_path, environment):
    files = iter(["cameras/site.yaml", "cameras/campus.yaml"])
    said = []
    for kind, text in blocks():
        if kind == "yaml":
            (tmp_path / "site" / next(files)).write_text(text, encoding="utf-8")
        elif kind == "sh":
            assert run(text, tmp_path, environment) == ""
        elif kind == "text":
            # without the stack nothing plays the sample; the camera is in service all the same
            assert "1 published, in force from " in run(APPLY, tmp_path, environment)
            assert APPLY in text.splitlines()
        elif kind == "console":
            said += [(line, printed, steady(run(line, tmp_path, environment))) for line, printed in commands(text)]
    assert [(line, found) for line, _, found in said] == [(line, printed) for line, printed, _ in said]
    assert len(said) >= 12


def run(command, folder, environment):
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout
