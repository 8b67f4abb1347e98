"""A simulated HTTP camera: `python http_simulator.py [--user NAME --password P --auth digest|basic]`.

`/mjpeg` streams, `/snapshot` gives the picture of the moment, `/redirect` sends on to `/snapshot` for once, `/moved`
for good, `/away` to another host; anything else is 404. The first line of output is a JSON object with the port; then
each line of standard input is an order, answered by "done", or by the JSON object of what was counted.

play: as it should be. stall: answers go on, but nothing comes. half: the next picture breaks off in its middle, then
silence. off: connections are cut and refused. garbage: random bytes. text: a page of HTML. black, frozen: as they say.
size W H, rate R: of the pictures from now on. status N: every answer has it. torn: every picture lacks its second half.
flavour NAME: how the parts of a stream look, see FLAVOURS. tags on|off: ETag and 304. count: what was asked for.
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
import sys
import time
from dataclasses import dataclass, field

import simplejpeg
from sampler_footage import picture

FLAVOURS = {
    "plain": ("multipart/x-mixed-replace; boundary=frame", "--frame\r\n{type}{length}\r\n", "\r\n"),
    "quoted": ('multipart/x-mixed-replace;boundary="--my boundary"', "----my boundary\r\n{type}{length}\r\n", "\r\n"),
    "wrong": ("multipart/x-mixed-replace; boundary=other", "\r\n--frame\r\n{type}\r\n", ""),
    "lengthless": ("multipart/x-mixed-replace; boundary=frame", "--frame\r\n{type}\r\n", "\r\n"),
    "lying": ("multipart/x-mixed-replace; boundary=frame", "--frame\r\n{type}Content-Length: 17\r\n\r\n", "\r\n"),
    "newlines": ("multipart/x-mixed-replace; boundary=frame", "--frame\n{type}{length}\n", "\n"),
    "bare": ("video/x-motion-jpeg", "", ""),
    "stamped": ("multipart/x-mixed-replace; boundary=frame", "--frame\r\n{type}{length}{stamp}\r\n", "\r\n"),
}


def md5(text):
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


@dataclass
class Camera:
    user: str | None
    password: str
    scheme: str
    mode: str = "play"
    size: tuple[int, int] = (320, 192)
    rate: float = 25.0
    status: int = 200
    torn: bool = False
    tags: bool = False
    flavour: str = "plain"
    skew_s: float = 0.0
    asked: int = 0
    redirected: int = 0
    unchanged: int = 0
    connections: int = 0
    open: set = field(default_factory=set)
    nonce: str = field(default_factory=lambda: secrets.token_hex(8))
    pictures: dict = field(default_factory=dict)
    begun: float = field(default_factory=time.monotonic)
    frozen_at: int = 0

    @property
    def number(self):
        now = int((time.monotonic() - self.begun) * self.rate)
        return self.frozen_at if self.mode == "frozen" else now

    def jpeg(self, number):
        wanted = (number % 100, self.size, self.mode == "black")
        if wanted not in self.pictures:
            image = picture(number % 100, *self.size)
            if self.mode == "black":
                image[:] = 2
            self.pictures[wanted] = simplejpeg.encode_jpeg(image, 85, "RGB", "422")
        jpeg = self.pictures[wanted]
        return jpeg[: len(jpeg) // 2] if self.torn else jpeg

    def admits(self, method, target, headers):
        if self.user is None:
            return True
        given = headers.get("authorization", "")
        if self.scheme == "basic":
            return given == "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        fields = {k: v.strip('"') for k, v in re.findall(r'(\w+)=("[^"]*"|[^\s,]+)', given)}
        secret = md5(f"{self.user}:camera:{self.password}")
        asked = md5(f"{method}:{target}")
        parts = (secret, self.nonce, fields.get("nc"), fields.get("cnonce"), "auth", asked)
        return fields.get("username") == self.user and fields.get("response") == md5(":".join(map(str, parts)))

    @property
    def challenge(self):
        if self.scheme == "basic":
            return 'WWW-Authenticate: Basic realm="camera"\r\n'
        return f'WWW-Authenticate: Digest realm="camera", qop="auth", algorithm=MD5, nonce="{self.nonce}"\r\n'

    def obey(self, order, *arguments):
        if order == "size":
            self.size = (int(arguments[0]), int(arguments[1]))
        elif order == "rate":
            self.rate = float(arguments[0])
        elif order == "skew":
            self.skew_s = float(arguments[0])
        elif order == "status":
            self.status = int(arguments[0])
        elif order in ("torn", "tags"):
            setattr(self, order, arguments[0] == "on")
        elif order == "flavour":
            self.flavour = arguments[0]
        elif order != "count":
            self.frozen_at = self.number
            self.mode = order
            if order == "off":
                for writer in self.open:
                    writer.transport.abort()
        counted = {
            "asked": self.asked,
            "redirected": self.redirected,
            "unchanged": self.unchanged,
            "connections": self.connections,
        }
        return json.dumps(counted) if order == "count" else "done"


async def silence(writer):
    while not writer.transport.is_closing():
        await asyncio.sleep(0.05)


async def stream(camera, writer):
    kind, before, after = FLAVOURS[camera.flavour]
    writer.write(f"HTTP/1.0 200 OK\r\nContent-Type: {kind}\r\nConnection: close\r\n\r\n".encode())
    while not writer.transport.is_closing():
        if camera.mode == "garbage":
            writer.write(random.randbytes(100_000))
        elif camera.mode != "stall":
            jpeg = camera.jpeg(camera.number)
            if camera.mode == "half":
                writer.write(jpeg[: len(jpeg) // 2])
                await silence(writer)
                return
            head = before.format(
                type="Content-Type: image/jpeg\r\n",
                length=f"Content-Length: {len(jpeg)}\r\n",
                stamp=f"X-Timestamp: {time.time() + camera.skew_s:.6f}\r\n",
            )
            head = head.replace("\r\n", "\n") if camera.flavour == "newlines" else head
            writer.write(head.encode() + jpeg + after.encode())
        await writer.drain()
        await asyncio.sleep(0.0 if camera.mode == "flood" else 1 / camera.rate)


async def snapshot(camera, headers, writer):
    camera.asked += 1
    if camera.mode == "stall":
        await silence(writer)
        return
    jpeg, kind, tag = camera.jpeg(camera.number), "image/jpeg", f'"{camera.number}"'
    if camera.tags and headers.get("if-none-match") == tag:
        camera.unchanged += 1
        writer.write(f"HTTP/1.1 304 Not Modified\r\nETag: {tag}\r\n\r\n".encode())
        return
    if camera.mode == "garbage":
        jpeg, kind = random.randbytes(20_000), "application/octet-stream"
    elif camera.mode == "text":
        jpeg, kind = b"<html><body>Please log in</body></html>", "text/html"
    tags = f"ETag: {tag}\r\n" if camera.tags else ""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(jpeg)}\r\n{tags}\r\n".encode()
    if camera.mode == "half":
        writer.write(head + jpeg[: len(jpeg) // 2])
        await silence(writer)
        return
    writer.write(head + jpeg)


async def answer(camera, method, target, headers, writer):
    """Answers one request; whether another may follow."""
    path = target.partition("?")[0]
    if camera.mode == "mute":
        await silence(writer)
    elif camera.mode == "other":
        writer.write(b"SSH-2.0-something else\r\n")
        return False
    elif camera.status != 200:
        writer.write(f"HTTP/1.1 {camera.status} No\r\nContent-Length: 2\r\n\r\nno".encode())
    elif not camera.admits(method, target, headers):
        writer.write(f"HTTP/1.1 401 Unauthorized\r\n{camera.challenge}Content-Length: 0\r\n\r\n".encode())
    elif path == "/mjpeg":
        await stream(camera, writer)
        return False
    elif path == "/snapshot":
        await snapshot(camera, headers, writer)
    elif path in ("/redirect", "/moved"):
        camera.redirected += 1
        status = "302 Found" if path == "/redirect" else "301 Moved Permanently"
        writer.write(f"HTTP/1.1 {status}\r\nLocation: /snapshot\r\nContent-Length: 0\r\n\r\n".encode())
    elif path == "/away":
        port = writer.get_extra_info("sockname")[1]
        place = f"http://user:secret@localhost:{port}/snapshot"
        writer.write(f"HTTP/1.1 302 Found\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n".encode())
    else:
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
    return True


def serve(camera):
    async def connection(reader, writer):
        camera.open.add(writer)
        camera.connections += 1
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while camera.mode != "off":
                lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin1").split("\r\n")
                method, target, _ = lines[0].split(" ", 2)
                pairs = (line.split(":", 1) for line in lines[1:] if ":" in line)
                headers = {key.lower(): value.strip() for key, value in pairs}
                if not await answer(camera, method, target, headers, writer):
                    break
                await writer.drain()
        camera.open.discard(writer)
        if camera.mode == "off":
            writer.transport.abort()
        writer.close()

    return connection


async def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--user")
    options.add_argument("--password", default="")
    options.add_argument("--auth", choices=("digest", "basic"), default="digest")
    given = options.parse_args()
    camera = Camera(given.user, given.password, given.auth)
    listening = await asyncio.start_server(serve(camera), "127.0.0.1", 0)
    print(json.dumps({"port": listening.sockets[0].getsockname()[1]}), flush=True)  # noqa: T201 - its interface
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
    while line := (await reader.readline()).decode().split():
        print(camera.obey(*line), flush=True)  # noqa: T201 - as above
    camera.obey("off")
    await asyncio.sleep(0.1)  # its connections end


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
