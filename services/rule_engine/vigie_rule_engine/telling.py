"""What the layers found, told: the condition is asked, the authority looked up, the record built; one method a kind."""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from vigie_common.stream import Output
from vigie_rule_engine.camera import CameraState, Episode, Window
from vigie_rule_engine.catalogue import facts_of_template
from vigie_rule_engine.compounds import stamps, standing
from vigie_rule_engine.conditions import VARIABLE_NAMES, held
from vigie_rule_engine.events import affirmed, closed, counted_zone, subject_of, told, updated, variables_of
from vigie_rule_engine.layers.episodes import (
    CHANGED,
    CHECK,
    CLOSED,
    COUNTED,
    LOST,
    MATURED,
    OPEN,
    PENDING,
    clear,
)
from vigie_rule_engine.measures import facts_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from vigie_common.records import AuthorisationStamp, Camera, EndReason, Mode, RuleEvent
    from vigie_rule_engine.compile import Row, RuleTable
    from vigie_rule_engine.tally import Tally

ASK_AGAIN_MS: Final = 60_000
"""How often the condition of a mature or open episode is asked again."""

ForcedMode = Literal["test", "replay"]

_WINDOW: Final = ("since", "watched", "total", "most", "unique", "entered", "broken", "glimpsed")


class Teller:
    """Turns what the layers found in one partition into rule events.

    Args:
        partition: number of the partition.
        mode: forces the mode of everything it tells.
        tally: counts for the metrics.
    """

    def __init__(self, partition: int, mode: ForcedMode | None, tally: Tally) -> None:
        self.partition = partition
        self._mode = mode
        self._tally = tally
        self._kinds: dict[int, Callable[[CameraState, int, int, int, int], Iterator[Output]]] = {
            MATURED: self._matured,
            CLOSED: self._over,
            CHECK: self._ask,
            COUNTED: self._counted,
            LOST: self._lost,
            CHANGED: self._changed,
        }

    def tell(self, state: CameraState, row: int, slot: int, kind: int, at: int, way: int) -> Iterator[Output]:
        """What one of the layers' events says; `slot` -1: the zone as a whole."""
        return self._kinds[kind](state, row, slot, at, way)

    def event(self, event: RuleEvent) -> Output:
        """A rule event as an output, counted."""
        self._tally.events[event["kind"]] += 1
        return Output("rule-events", event["camera_id"], event, self.partition)

    def affirm(self, state: CameraState, minute: int) -> Output:
        """The AFFIRM of a minute: the episodes that are open, and their compounds as they stand now."""
        table, rules = state.table, [episode.opened["rule"]["id"] for episode in state.episodes.values()]
        now = [] if table is None else standing(rules, table.compounds, table.authority, state.at, self._mode)
        return self.event(affirmed(state, minute, now))

    def _matured(self, state: CameraState, row: int, slot: int, _at: int, _way: int) -> Iterator[Output]:
        cell = state.cell(row, slot)
        if cell["phase"] != PENDING:  # a stay that was told has been handed over to it in this frame
            return
        table = state.judging
        judged = table.rows[row]
        since = int(cell["since"])
        mode, authorisation = self._authority(table, judged, state.at)
        cool_until = cooling_until(state, judged, mode)
        if state.at < cool_until:
            cell["check_at"] = min(cool_until, state.at + ASK_AGAIN_MS)  # the mode may be another by then
            return
        facts = facts_of(state, judged.rule["template"], row, slot, since, state.at, metric=judged.metric)
        variables = self._variables(state, judged, slot)
        if judged.condition is not None:
            cell["check_at"] = state.at + ASK_AGAIN_MS
            if not judged.condition.holds({**variables, **named_facts(judged.rule["template"], facts)}):
                return
        event = told(
            state,
            row,
            slot,
            started_at=since,
            way=0,
            mode=mode,
            authorisation=authorisation,
            variables=self._words(table.camera, variables, _label(judged, cell)),
            facts=facts,
            compounds=stamps(table.compounds.get(judged.rule["id"], ()), table.authority, state.at, self._mode),
        )
        state.numbered += 1
        cell["phase"], cell["episode"] = OPEN, state.numbered
        state.opened.setdefault(judged.key, {})[mode] = state.at
        if slot < 0:
            zone = state.kept.zones[row]
            zone["told"], zone["told_at"] = zone["group"], state.at
        session, track = subject_of(state, slot)
        state.episodes[state.numbered] = Episode(
            judged.key,
            session,
            track,
            {key: value for key, value in event.items() if key != "objects"},
            dict(judged.rule["explain"]),
            self._words(table.camera, variables, _label(judged, cell)),
            judged.metric,
        )
        yield self.event(event)

    def _changed(self, state: CameraState, row: int, slot: int, _at: int, _way: int) -> Iterator[Output]:
        episode = state.episodes[int(state.cell(row, slot)["episode"])]
        zone = state.kept.zones[row]
        zone["told"], zone["told_at"] = zone["group"], state.at
        episode.ordinal += 1
        yield self.event(updated(state, episode, row, slot))

    def _over(self, state: CameraState, row: int, slot: int, _at: int, _way: int) -> Iterator[Output]:
        if state.cell(row, slot)["phase"] >= OPEN:  # else a double has taken the episode over in this frame
            yield from self.end(state, int(state.cell(row, slot)["episode"]), "over", (row, slot))

    def _lost(self, state: CameraState, row: int, slot: int, _at: int, _way: int) -> Iterator[Output]:
        if state.cell(row, slot)["phase"] >= OPEN:  # else it was over in this frame
            yield from self.end(state, int(state.cell(row, slot)["episode"]), "track_lost", (row, slot))

    def _ask(self, state: CameraState, row: int, slot: int, _at: int, _way: int) -> Iterator[Output]:
        cell = state.cell(row, slot)
        if cell["phase"] < OPEN:  # a double has taken the episode over in this frame
            return
        judged = state.judging.rows[row]
        cell["check_at"] = state.at + ASK_AGAIN_MS
        facts = facts_of(state, judged.rule["template"], row, slot, int(cell["since"]), state.at, metric=judged.metric)
        variables = {**self._variables(state, judged, slot), **named_facts(judged.rule["template"], facts)}
        if judged.condition is None or judged.condition.holds(variables):
            return
        yield from self.end(state, int(cell["episode"]), "condition_false", (row, slot))

    def _counted(self, state: CameraState, row: int, slot: int, at: int, way: int) -> Iterator[Output]:
        table = state.judging
        judged = table.rows[row]
        facts = facts_of(state, judged.rule["template"], row, slot, at, state.at, metric=judged.metric)
        variables = self._variables(state, judged, slot)
        if judged.condition is not None and not judged.condition.holds(
            {**variables, **named_facts(judged.rule["template"], facts)}
        ):
            return
        mode, authorisation = self._authority(table, judged, at)
        yield self.event(
            told(
                state,
                row,
                slot,
                started_at=at,
                way=way,
                mode=mode,
                authorisation=authorisation,
                variables=self._words(table.camera, variables, judged.labels.get(way)),
                facts=facts,
                compounds=[],
            )
        )

    def begin_windows(self, state: CameraState) -> None:
        """Write down what the COUNTs of the zones that are counted will say, once a minute at its first frame."""
        table = state.judging
        for row in table.counting:
            judged, since = table.rows[row], int(state.kept.zones[row]["since"])
            if not since or judged.key in state.windows:
                continue
            mode, authorisation = self._authority(table, judged, since)
            words = self._words(table.camera, variables_of(state, judged, -1, since), None)
            event = told(
                state,
                row,
                -1,
                started_at=since,
                way=0,
                mode=mode,
                authorisation=authorisation,
                variables=words,
                facts={},
                compounds=[],
            )
            state.windows[judged.key] = Window(
                dict(event),
                dict(judged.rule["explain"]),
                words,
                judged.rule["when"],
                bool(table.rules["anchored"][row]),
            )

    def end_windows(
        self, state: CameraState, keys: Iterable[str], rest: int = 0, *, steady: bool = True
    ) -> Iterator[Output]:
        """The COUNT of each zone that is counted, for the minute that is over; the next one begins with its frame.

        Args:
            state: of the camera.
            keys: of the rows.
            rest: watched ms of that minute after its last frame: as many are there as were in it.
            steady: the camera looked where its zones were drawn.
        """
        for key in list(keys):
            window = state.windows.pop(key)
            row = state.row_keys.index(key)
            zone = state.kept.zones[row]
            if steady or not window.anchored:
                zone["total"] += zone["count"] * rest
                zone["watched"] += rest
            template = window.begun["rule"]["template"]
            facts = facts_of(state, template, row, -1, int(zone["since"]), state.at, metric=False)
            for name in _WINDOW:
                zone[name] = 0
            if window.when is not None:
                known = {name: window.variables[name] for name in VARIABLE_NAMES}
                asked = {**known, **named_facts(template, facts)}
                if not held(window.when, template, asked):
                    continue
            yield self.event(counted_zone(window, state, facts))

    # How episodes end.

    def end(
        self, state: CameraState, number: int, reason: EndReason, place: tuple[int, int] | None = None
    ) -> Iterator[Output]:
        """Close one episode; no later episode of the same cell may start before now."""
        row, slot = place if place is not None else _find(state, number)
        cell = state.cell(row, slot)
        episode = state.episodes.pop(number)
        episode.ordinal += 1
        event = closed(state, episode, row, slot, ended_at=int(cell["last"]), reason=reason)
        clear(cell)
        cell["floor"] = state.at
        yield self.event(event)

    def end_all(self, state: CameraState, reason: EndReason, *, anchored: bool = False) -> Iterator[Output]:
        """Close every episode, or only those of rows that need the camera to look where it should."""
        keys = None
        if anchored and state.table is not None:
            rows = zip(state.table.rows, state.table.rules["anchored"].tolist(), strict=True)
            keys = {row.key for row, needs in rows if needs}
        for number, episode in list(state.episodes.items()):
            if keys is None or episode.row_key in keys:
                yield from self.end(state, number, reason)

    def check_modes(self, state: CameraState) -> Iterator[Output]:
        """End the episodes whose authority has changed; what still holds begins anew under the new one."""
        table = state.judging
        state.mode_check_at = table.authority.next_change(state.at)
        rows = {row.key: row for row in table.rows}
        for number, episode in list(state.episodes.items()):
            rule = rows[episode.row_key].rule
            mode, _ = self._authority(table, rows[episode.row_key], state.at)
            if mode == episode.opened["mode"]:
                continue
            expired = episode.opened["authorisation"] is not None and rule["status"] == "stable"
            yield from self.end(state, number, "authorisation_ended" if expired else "rule_changed")

    def _authority(self, table: RuleTable, row: Row, at: int) -> tuple[Mode, AuthorisationStamp | None]:
        return (self._mode, None) if self._mode is not None else table.authority.mode(row.rule, at)

    def _variables(self, state: CameraState, row: Row, slot: int) -> dict[str, Any]:
        return variables_of(state, row, slot, state.at)

    def _words(self, camera: Camera, variables: dict[str, Any], label: str | None) -> dict[str, Any]:
        """What a text's placeholders stand for, facts apart."""
        default = camera["languages"][0] if camera["languages"] else ""
        title = camera["title"].get(default, camera["camera_id"])
        return {**variables, "camera.title": title, "direction": label or ""}


def cooling_until(state: CameraState, row: Row, mode: Mode) -> int:
    """Before which event time no episode of a row may open, for another has opened lately; 0: it may.

    What was told in shadow, or in an exercise, holds up nothing that is live.
    """
    opened = state.opened.get(row.key, {}).get(mode)
    return 0 if opened is None else opened + row.rule["cooldown_ms"]


def forget_cells(state: CameraState, *, anchored: bool = False) -> None:
    """Nothing is pending any more, and nothing may start before now; of rows that need a steady camera, or of all."""
    rules = state.table.rules if state.table is not None else None
    for row in range(len(state.kept.cells)):
        if anchored and rules is not None and not rules["anchored"][row]:
            continue
        for cells in (state.kept.cells[row], state.kept.wholes[row : row + 1]):
            cells[:] = np.zeros((), cells.dtype)
        state.kept.cells["floor"][row, : state.n] = state.at
        state.kept.wholes["floor"][row] = state.at


def named_facts(template: str, facts: Mapping[str, float]) -> dict[str, float]:
    """Facts as a condition names them; one that is not measured is not a number, which no comparison is true of."""
    nothing = {f"facts.{name}": nan for name in facts_of_template(template)}
    return nothing | {f"facts.{name}": value for name, value in facts.items()}


def _label(row: Row, cell: Any) -> str | None:
    """What the camera file calls the direction of a crossing."""
    return row.labels.get(int(cell["value"])) if row.labels else None


def _find(state: CameraState, number: int) -> tuple[int, int]:
    """Row and slot of an open episode."""
    whole = np.flatnonzero((state.kept.wholes["episode"] == number) & (state.kept.wholes["phase"] >= OPEN))
    if len(whole):
        return int(whole[0]), -1
    cells = state.cells[:, : state.n]
    rows, slots = np.nonzero((cells["episode"] == number) & (cells["phase"] >= OPEN))
    return int(rows[0]), int(slots[0])
