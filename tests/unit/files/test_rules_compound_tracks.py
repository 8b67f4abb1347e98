"""Compounds on recorded tracks: what replay finds of them, and explain says."""

import json
import shutil

import pytest

MEETING = """\
compound: presence-et-livraison
title: {en: Presence during a delivery}
status: stable
rules: [parvis-presence, livraison-stationnement]
cameras: {ids: [maison-carree-02]}
within: 30s
severity: warning
category: presence
tests:
  - episodes:
      - {rule: parvis-presence, camera: maison-carree-02, open: 10s}
      - {rule: livraison-stationnement, camera: maison-carree-02, open: 60s}
    expect: [{open: 60s}]
"""


@pytest.fixture
def together(site, monkeypatch):
    """Options: somebody crosses the forecourt, which is always closed here, while a van parks in the bay."""
    monkeypatch.chdir(site)
    rule = site / "rules/town/forecourt-presence.yaml"
    rule.write_text(rule.read_text().replace("when: local.hour < 6 || local.hour >= 23\n", ""), encoding="utf-8")
    shutil.copytree(site / "rules", site / "before")
    header, *van = (site / "rules/town/tracks/parks-in-the-bay.csv").read_text().splitlines()
    person = (site / "rules/town/tracks/crosses-the-forecourt.csv").read_text().splitlines()[1:]
    rows = [*van, *(row.replace(",1,person", ",2,person") for row in person)]
    ordered = sorted(rows, key=lambda row: float(row.split(",")[0]))
    (site / "together.csv").write_text("\n".join([header, *ordered]) + "\n", encoding="utf-8")
    return ("--tracks", "together.csv", "--camera", "maison-carree-02", "--against", "before")


def test_replay_shows_what_a_changed_compound_finds_otherwise(rules, site, together):
    path = site / "rules/meeting.yaml"
    path.write_text(MEETING, encoding="utf-8")
    added = rules("replay", path, *together)
    assert added.exit_code == 0, added.output
    [line, total] = added.stdout.splitlines()[1:]
    assert line.startswith(
        "new    alert   maison-carree-02  presence-et-livraison  "
        "2026-01-05 12:00:10.0-12:05:00.0 (over), told 12:03:10.0  "
    )
    assert total == "1 new, 0 gone, 0 moved, 0 the same"
    whole = rules("replay", site, *together)
    assert whole.stdout.splitlines()[-1].startswith("1 new, 0 gone, 0 moved, ")
    path.write_text(MEETING.replace("status: stable", "status: test"), encoding="utf-8")
    assert rules("replay", path, *together).stdout.splitlines()[1].startswith("new    shadow  ")
    path.write_text(MEETING.replace("status: stable", "status: draft"), encoding="utf-8")
    assert rules("replay", path, *together).stdout.splitlines()[-1].startswith("0 new, ")


def test_replay_says_why_a_stable_rule_does_not_alert(rules, site, together, change):
    change(site / "rules/authorisations/exercise.yaml", "from: 2020-01-01", "from: 2026-06-01")
    (site / "rules/meeting.yaml").write_text(MEETING, encoding="utf-8")
    found = rules("replay", site, *together)
    told = [line for line in found.stdout.splitlines() if line.startswith("note: ")]
    without = "stable, but no authorisation in force covers category {} on maison-carree-02 at 2026-01-05 12:{} "
    without += "Europe/Paris: in shadow; exercice does from 2026-06-01 00:00:00 Europe/Paris until 2036-01-01 00:00:00 "
    without += "Europe/Paris (the .csv files begin at --start)"
    assert told == [
        "note: parvis-presence: " + without.format("presence", "00:15"),
        "note: livraison-stationnement: " + without.format("parking", "03:10"),
        "note: presence-et-livraison: " + without.format("presence", "03:10"),
    ]
    later = rules("replay", site, *together, "--start", "2026-07-06T12:00")
    assert "note: " not in later.stdout
    assert json.loads(rules("replay", site, *together, "--json").stdout)["notes"][0].endswith(" Europe/Paris")


def test_explain_says_what_a_compound_needs_and_which_of_its_parts_were_there(rules, site, together):
    (site / "rules/meeting.yaml").write_text(MEETING, encoding="utf-8")
    (site / "rules/town/gate-count.yaml").unlink()

    def said(at):
        ask = ("explain", "--rule", "presence-et-livraison", "--at", f"2026-01-05T{at}", *together[:4], "--rules", site)
        return rules(*ask).stdout.splitlines()

    met = said("12:04")
    assert met[1] == (
        "  presence-et-livraison is a compound: it alerts when 2 of livraison-stationnement, parvis-presence are "
        "there, in one camera, on 1 camera or more, each until 30 s after its end"
    )
    together_since = "  alerted 2026-01-05 12:03:10.0, together since 12:00:10.0, ended 12:05:00.0: over; alert "
    assert met[2].startswith(together_since)
    assert met[3] == "    livraison-stationnement: there from 12:00:10.0 to 12:05:00.0, livraison"
    assert met[4] == "    parvis-presence: there from 12:00:05.0 to 12:00:35.0, parvis"
    (site / "rules/meeting.yaml").write_text(MEETING.replace("within: 30s", "within: 30s\ncooldown: 10m"))
    later = said("12:06")
    assert later[1].endswith(", each until 30 s after its end; once in 600 s")
    assert later[2] == "  it was cooling down until 12:13:10.0: another alert opened at 12:03:10.0"
    (site / "rules/meeting.yaml").write_text(MEETING, encoding="utf-8")
    before = said("12:00:03")
    assert [line for line in before if "not there" in line] == [
        "    livraison-stationnement: not there; why: --rule livraison-stationnement",
        "    parvis-presence: not there; why: --rule parvis-presence",
    ]
