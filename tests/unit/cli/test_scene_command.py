"""`vigie scene`: how a moment of a scene is named."""

from typer.testing import CliRunner

from vigie_cli.scene import app


def draw(out, at):
    return CliRunner().invoke(app, ["draw", "stopped-nearly", "--at", at, "--out", str(out)])


def test_a_moment_is_a_duration_or_a_number_of_seconds(tmp_path):
    for at in ("3s", "3", "3000ms"):
        assert draw(tmp_path / f"{at}.png", at).exit_code == 0
    first, *others = [(tmp_path / f"{at}.png").read_bytes() for at in ("3s", "3", "3000ms")]
    assert others == [first, first]
    assert str(draw(tmp_path / "a.png", "3 minutes").exception) == "--at 3 minutes: not a duration: write 3m"
    assert "--at 3h: the scene lasts from 0 to " in str(draw(tmp_path / "a.png", "3h").exception)
