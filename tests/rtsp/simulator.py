"""Simulated RTSP cameras: `python simulator.py CLIP ... [--cameras N] [--spread S] [--user NAME --password P]`.

Each camera plays its clip (H.264 or H.265) in an endless loop, in real time, over TCP, by copying its packets:
RTSP 1.0 (RFC 2326), Digest authentication (RFC 2069), RTP payloads of RFC 6184 and RFC 7798, and RTCP sender
reports with the camera's wall clock (RFC 3550). The first line of output is a JSON object with the port; then each
line of standard input is an order: `CAMERA play|stall|half|garbage|scramble|flood|drop|off`, `CAMERA clip N`,
`CAMERA skew|jump SECONDS`, `CAMERA pace FACTOR`, `CAMERA wrap`, `CAMERA claim FPS`, `CAMERA reports on|off`.

play: as it should be. stall: connections stay open and silent. half: the next picture breaks off in its middle, then
silence. garbage: random bytes instead of packets. scramble: packets whose content nobody can decode. flood: pictures
as fast as they are taken. drop: connections are cut
once, new ones play. off: connections are cut and refused. clip: another clip of the same length. skew: the wall clock
of sender reports is wrong by that. jump: timestamps leap. pace: timestamps run so many times as fast as time. wrap:
timestamps of the next connection pass 2^32 a second after its first picture. claim: the description tells this rate.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import hashlib
import json
import random
import re
import secrets
import struct
import sys
import time
from dataclasses import dataclass, field

import av
from av.bitstream import BitStreamFilterContext

CLOCK_HZ = 90_000
PAYLOAD_BYTES = 1_400
PAYLOAD_TYPE = 96
NTP_EPOCH_S = 2_208_988_800
START_CODE = re.compile(rb"\x00\x00\x00?\x01")


@dataclass(frozen=True)
class AccessUnit:
    """One picture of a clip: its time, and the RTP payloads that carry it."""

    ticks: int
    key: bool
    payloads: tuple[bytes, ...]


@dataclass(frozen=True)
class H264:
    name = "H264"
    header_bytes = 1
    filter_name = "h264_mp4toannexb"
    parameter_sets = (7, 8)
    delimiter = 9

    def kind(self, unit):
        return unit[0] & 31

    def fragment_header(self, unit, flags):
        return bytes([(unit[0] & 0xE0) | 28, flags | self.kind(unit)])

    def format_parameters(self, sets):
        texts = [base64.b64encode(sets[k]).decode() for k in self.parameter_sets]
        profile = sets[7][1:4].hex().upper()
        return f"packetization-mode=1; profile-level-id={profile}; sprop-parameter-sets={','.join(texts)}"


@dataclass(frozen=True)
class H265:
    name = "H265"
    header_bytes = 2
    filter_name = "hevc_mp4toannexb"
    parameter_sets = (32, 33, 34)
    delimiter = 35

    def kind(self, unit):
        return (unit[0] >> 1) & 63

    def fragment_header(self, unit, flags):
        return bytes([(unit[0] & 0x81) | (49 << 1), unit[1], flags | self.kind(unit)])

    def format_parameters(self, sets):
        names = zip(("vps", "sps", "pps"), self.parameter_sets, strict=True)
        return "; ".join(f"sprop-{name}={base64.b64encode(sets[kind]).decode()}" for name, kind in names)


PAYLOADS = {"h264": H264(), "hevc": H265()}


class Clip:
    """The pictures of a file, cut into RTP payloads once."""

    def __init__(self, path):
        with av.open(path) as container:
            stream = container.streams.video[0]
            self.payload = PAYLOADS[stream.codec_context.name]
            convert = BitStreamFilterContext(self.payload.filter_name, stream)
            packets = [out for packet in container.demux(stream) if packet.size for out in convert.filter(packet)]
            self.period_s = float(1 / stream.average_rate)
        self.sets = {}
        first = min(packet.pts for packet in packets)
        self.units = [self._access_unit(packet, first) for packet in packets]
        self.span = round(len(self.units) * self.period_s * CLOCK_HZ)

    def _access_unit(self, packet, first):
        payloads = []
        for unit in START_CODE.split(bytes(packet)):
            if not unit:
                continue
            kind = self.payload.kind(unit)
            if kind in self.payload.parameter_sets:
                self.sets.setdefault(kind, unit)
            if kind != self.payload.delimiter:
                payloads += self._fragments(unit)
        ticks = round((packet.pts - first) * packet.time_base * CLOCK_HZ)
        return AccessUnit(ticks, packet.is_keyframe, tuple(payloads))

    def _fragments(self, unit):
        if len(unit) <= PAYLOAD_BYTES:
            return [unit]
        body = unit[self.payload.header_bytes :]
        starts = range(0, len(body), PAYLOAD_BYTES)
        return [
            self.payload.fragment_header(
                unit, (0x80 if at == 0 else 0) | (0x40 if at + PAYLOAD_BYTES >= len(body) else 0)
            )
            + body[at : at + PAYLOAD_BYTES]
            for at in starts
        ]

    def description(self, name, rate):
        return (
            f"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns={name}\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\na=range:npt=now-\r\n"
            f"m=video 0 RTP/AVP {PAYLOAD_TYPE}\r\na=rtpmap:{PAYLOAD_TYPE} {self.payload.name}/{CLOCK_HZ}\r\n"
            f"a=fmtp:{PAYLOAD_TYPE} {self.payload.format_parameters(self.sets)}\r\n"
            f"a=framerate:{rate or f'{1 / self.period_s:g}'}\r\na=control:track1\r\n"
        )


@dataclass(eq=False)
class Viewer:
    """One connection that plays."""

    writer: asyncio.StreamWriter
    waits_for_key: bool = True
    knows_clock: bool = False


@dataclass
class Camera:
    name: str
    clip: Clip
    mode: str = "play"
    skew_s: float = 0.0
    reports: bool = True
    wraps: bool = False
    pace: float = 1.0
    claim: str = ""
    ticks: int = 0
    clips: list = field(default_factory=list)
    viewers: set = field(default_factory=set)
    connections: set = field(default_factory=set)
    sequence: int = 0
    packets: int = 0
    octets: int = 0
    source: int = field(default_factory=lambda: secrets.randbits(32))
    origin: int = field(default_factory=lambda: secrets.randbits(30))

    async def play(self, after_s=0.0):
        """Send one picture after another, when its time has come."""
        begun = asyncio.get_running_loop().time() + after_s
        number = 0
        while True:
            unit = self.clip.units[number % len(self.clip.units)]
            due = begun + number * self.clip.period_s
            await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))
            self.ticks = number // len(self.clip.units) * self.clip.span + unit.ticks
            if self.wraps and unit.key and any(viewer.waits_for_key for viewer in self.viewers):
                self.origin, self.wraps = 2**33 - self.ticks - CLOCK_HZ, False
            if self.mode in ("play", "half", "flood", "scramble"):
                self.send(unit, round(self.origin + self.ticks * self.pace) & 0xFFFFFFFF)
            elif self.mode == "garbage":
                for viewer in self.viewers:
                    viewer.writer.write(random.randbytes(5_000))
            if self.mode == "flood":
                begun -= self.clip.period_s  # the next one is due already
                for viewer in list(self.viewers):
                    with contextlib.suppress(ConnectionError):
                        await viewer.writer.drain()
            number += 1

    def send(self, unit, ticks):
        viewers = [v for v in self.viewers if unit.key or not v.waits_for_key]
        if not viewers:
            return
        data = bytearray()
        for index, payload in enumerate(unit.payloads):
            last = 0x80 if index == len(unit.payloads) - 1 else 0
            data += struct.pack(">cBH", b"$", 0, 12 + len(payload))
            data += struct.pack(">BBHII", 0x80, PAYLOAD_TYPE | last, self.sequence, ticks, self.source)
            data += payload if self.mode != "scramble" else payload[:2] + bytes(len(payload) - 2)
            self.sequence = (self.sequence + 1) & 0xFFFF
            self.packets += 1
            self.octets += len(payload)
        for viewer in viewers:
            if self.reports and not viewer.knows_clock:
                viewer.writer.write(self.sender_report(ticks))
                viewer.knows_clock = True
            viewer.writer.write(bytes(data if self.mode != "half" else data[: len(data) // 2]))
            viewer.waits_for_key = False
        if self.mode == "half":
            self.mode = "stall"

    def sender_report(self, ticks):
        seconds = time.time() + self.skew_s + NTP_EPOCH_S
        fraction = int(seconds % 1 * 2**32)
        numbers = (self.source, int(seconds), fraction, ticks, self.packets & 0xFFFFFFFF, self.octets & 0xFFFFFFFF)
        report = struct.pack(">BBHIIIIII", 0x80, 200, 6, *numbers)
        return struct.pack(">cBH", b"$", 1, len(report)) + report

    def cut(self):
        for writer in self.connections:
            writer.transport.abort()

    def obey(self, order, *arguments):
        if order == "skew":
            self.skew_s = float(arguments[0])
            for viewer in self.viewers:
                viewer.knows_clock = False
        elif order == "jump":
            self.origin += round(float(arguments[0]) * CLOCK_HZ)
        elif order == "wrap":
            self.wraps = True
        elif order == "pace":
            self.pace = float(arguments[0])
        elif order == "claim":
            self.claim = arguments[0]
        elif order == "clip":
            self.clip = self.clips[int(arguments[0])]
        elif order == "reports":
            self.reports = arguments[0] == "on"
        else:
            self.mode = "play" if order == "drop" else order
            if order in ("off", "drop"):
                self.cut()
            if order not in ("half", "garbage", "flood"):
                for viewer in self.viewers:
                    viewer.waits_for_key, viewer.knows_clock = True, False


def md5(text):
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


@dataclass
class Guard:
    """Digest authentication, when there is a user."""

    user: str | None
    password: str
    nonce: str = field(default_factory=lambda: secrets.token_hex(8))

    def admits(self, method, headers):
        if self.user is None:
            return True
        given = dict(re.findall(r'(\w+)="([^"]*)"', headers.get("authorization", "")))
        secret = md5(f"{self.user}:camera:{self.password}")
        expected = md5(f"{secret}:{self.nonce}:{md5(method + ':' + given.get('uri', ''))}")
        return given.get("username") == self.user and given.get("response") == expected

    @property
    def challenge(self):
        return f'WWW-Authenticate: Digest realm="camera", nonce="{self.nonce}"\r\n'


class Server:
    def __init__(self, cameras, guard):
        self.cameras, self.guard = cameras, guard

    async def connection(self, reader, writer):
        viewer, playing = Viewer(writer), None
        try:
            while (request := await self.request(reader)) is not None:
                method, url, headers = request
                camera = self.cameras.get(url.split("/")[3]) if url.count("/") > 2 else None
                if camera is not None:
                    camera.connections.add(writer)
                    if camera.mode == "off":
                        writer.transport.abort()
                        return
                status, extra, body = self.answer(method, url, headers, camera, viewer)
                length = f"Content-Length: {len(body)}\r\n" if body else ""
                writer.write(
                    f"RTSP/1.0 {status}\r\nCSeq: {headers.get('cseq', 0)}\r\n{extra}{length}\r\n{body}".encode()
                )
                if method == "PLAY" and status == "200 OK":
                    playing = camera
                    camera.viewers.add(viewer)
                if method == "TEARDOWN":
                    return
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass
        finally:
            if playing is not None:
                playing.viewers.discard(viewer)
            for camera in self.cameras.values():
                camera.connections.discard(writer)
            writer.close()

    async def request(self, reader):
        """Method, address and headers of the next request; what a viewer sends on the media channels is left out."""
        while (first := await reader.readexactly(1)) == b"$":
            _, size = struct.unpack(">BH", await reader.readexactly(3))
            await reader.readexactly(size)
        lines = (first + await reader.readuntil(b"\r\n\r\n")).decode("latin1").split("\r\n")
        method, url, _ = lines[0].split(" ", 2)
        pairs = (line.split(":", 1) for line in lines[1:] if ":" in line)
        return method, url, {key.lower(): value.strip() for key, value in pairs}

    def answer(self, method, url, headers, camera, viewer):
        if method == "OPTIONS":
            return "200 OK", "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER\r\n", ""
        if not self.guard.admits(method, headers):
            return "401 Unauthorized", self.guard.challenge, ""
        if camera is None:
            return "404 Not Found", "", ""
        session = f"Session: {id(viewer)};timeout=60\r\n"
        if method == "DESCRIBE":
            base = f"Content-Base: {url.rstrip('/')}/\r\nContent-Type: application/sdp\r\n"
            return "200 OK", base, camera.clip.description(camera.name, camera.claim)
        if method == "SETUP":
            if "TCP" not in headers.get("transport", ""):
                return "461 Unsupported Transport", "", ""
            return "200 OK", "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n" + session, ""
        return "200 OK", session, ""


async def orders(cameras):
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
    while line := (await reader.readline()).decode().split():
        cameras[line[0]].obey(*line[1:])
        print("done", flush=True)  # noqa: T201 - its standard output is its interface


async def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("clips", nargs="+")
    options.add_argument("--cameras", type=int, default=1)
    options.add_argument("--spread", type=float, default=0.0, help="seconds over which the cameras begin")
    options.add_argument("--user")
    options.add_argument("--password", default="")
    given = options.parse_args()
    clips = [Clip(path) for path in given.clips]
    cameras = {f"cam{n}": Camera(f"cam{n}", clips[n % len(clips)], clips=clips) for n in range(given.cameras)}
    server = Server(cameras, Guard(given.user, given.password))
    listening = await asyncio.start_server(server.connection, "127.0.0.1", 0)
    playing = [asyncio.create_task(c.play(given.spread * n / len(cameras))) for n, c in enumerate(cameras.values())]
    print(json.dumps({"port": listening.sockets[0].getsockname()[1]}), flush=True)  # noqa: T201 - as above
    await orders(cameras)
    for task in playing:
        task.cancel()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
