"""HTTP cameras for the benchmarks: `python http_cameras.py CLIP RATE QUALITY`; ends when its standard input does.

Every address that ends in `/snapshot` gives the picture of the moment, every one in `/mjpeg` streams `RATE` of them a
second. The pictures are the clip's, encoded once. The first line of output is a JSON object with the port.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import time
from typing import Final

import av
import simplejpeg

BOUNDARY: Final = "frame"


class Camera:
    """One recording, shown by every address."""

    def __init__(self, clip: str, rate: float, quality: int) -> None:
        with av.open(clip) as container:
            stream = container.streams.video[0]
            step = max(1, round(float(stream.average_rate or 25) / rate))
            self.rate = rate
            self.pictures = [
                simplejpeg.encode_jpeg(frame.to_ndarray(format="rgb24"), quality, "RGB", "420")
                for number, frame in enumerate(container.decode(stream))
                if number % step == 0
            ]

    def now(self) -> bytes:
        """The picture of this moment."""
        return self.pictures[int(time.monotonic() * self.rate) % len(self.pictures)]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                request = await reader.readuntil(b"\r\n\r\n")
                if request.split(b" ", 2)[1].endswith(b"/mjpeg"):
                    await self._stream(writer)
                picture = self.now()
                head = f"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n"
                writer.write(head.encode() + picture)
                await writer.drain()
        writer.close()

    async def _stream(self, writer: asyncio.StreamWriter) -> None:
        kind = f"multipart/x-mixed-replace; boundary={BOUNDARY}"
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nConnection: close\r\n\r\n".encode())
        while True:
            picture = self.now()
            head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n"
            writer.write(head.encode() + picture + b"\r\n")
            await writer.drain()
            await asyncio.sleep(1 / self.rate)


async def main() -> None:
    """Serve until nobody listens any more."""
    clip, rate, quality = sys.argv[1:]
    camera = Camera(clip, float(rate), int(quality))
    server = await asyncio.start_server(camera.serve, "127.0.0.1", 0)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    os._exit(0)  # whoever is still connected has nothing more to hear


if __name__ == "__main__":
    asyncio.run(main())
