"""A camera asked over HTTP: one connection kept alive, its credentials, and what its refusals mean.

Credentials go to the configured host only, and only once the camera has asked for them: by Digest (RFC 7616) where it
offers that, else by Basic (RFC 7617). Proxies, .netrc and other settings of the environment are left out.
"""

from __future__ import annotations

import http.client
import logging
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import urljoin, urlsplit, urlunsplit

import requests
import urllib3.exceptions
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase, HTTPBasicAuth, HTTPDigestAuth

from vigie_frame_sampler.credentials import (
    has_placeholders,
    user_and_password,
    with_credentials,
    without_credentials,
)
from vigie_frame_sampler.picture import Limits, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import TracebackType

    from vigie_frame_sampler.plan import CameraPlan

logging.getLogger("urllib3").setLevel(logging.CRITICAL)  # its lines hold whole addresses, which may hold a password

REDIRECTS: Final = 5
PERMANENT: Final = frozenset({301, 308})
"""Redirections that say that the address is another one from now on; the others are of one request (RFC 9110, 15.4)."""
CHUNK_BYTES: Final = 64 << 10
SHORT_BYTES: Final = 16 << 10
"""What is read at most of a page that comes with a refusal."""

_HEADERS: Final = {
    "User-Agent": "vigie",
    "Accept": "image/jpeg, multipart/x-mixed-replace, */*;q=0.1",
    "Accept-Encoding": "identity",
}

FAULTS: Final = (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError, KeyError)
"""What the client raises while it asks or reads (KeyError: a Digest challenge without its parts); `HttpCamera.error`
says it in words."""

_FIXES: Final[Mapping[int, str]] = {
    400: "the camera does not understand the request; check the address, its query too",
    403: "{credentials} may not read this; give the user the right to",
    404: "the camera has no such address; check the path",
    405: "the camera gives no pictures there; check the path",
    407: "a proxy stands between; let the sampler reach the camera directly",
    408: "the camera is slow; ask less often or for smaller pictures",
    429: "the camera is asked too often; lower sampling.fps",
    503: "the camera is busy, it may serve too many viewers; lower sampling.fps or close other viewers",
}


@dataclass(slots=True)
class HttpCamera:
    """One camera; use it with `with`, which closes its connection."""

    plan: CameraPlan
    limits: Limits
    _session: requests.Session = field(default_factory=requests.Session, init=False)
    _address: str = field(default="", init=False)
    _auth: AuthBase | None = field(default=None, init=False)
    _response: requests.Response | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self._address = self.plan.uri
        if has_placeholders(self.plan.uri):
            self._address = with_credentials(self.plan.camera_id, self.plan.uri, self.plan.credentials)
        self._session.trust_env = False
        self._session.headers.update(_HEADERS)
        self._session.verify = self.limits.ca_file or True
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, _ShortRefusals())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._response is not None:
            self._response.close()  # a session closes the connections that rest, not the one that is being read
        self._session.close()

    def get(self, read_s: float, headers: Mapping[str, str] | None = None) -> requests.Response:
        """The camera's answer, 200 or 304, its body not yet read.

        Raises:
            BadInputError: the credentials' reference is wrong.
            SourceError: it refuses, fails or does not answer.
        """
        address, for_good = self._address, True
        for _ in range(REDIRECTS + 2):
            at_home = self._at_home(address)
            try:
                response = self._session.get(
                    address,
                    headers=dict(headers or {}),
                    auth=self._auth if at_home else None,
                    stream=True,
                    timeout=(self.limits.open_s, read_s),
                    allow_redirects=False,
                )
            except FAULTS as fault:
                raise self.error(fault, "cannot be opened") from None
            if response.status_code in {200, 304}:
                self._response = response
                return response
            response.close()
            if response.is_redirect:
                address = self._moved_to(address, response.headers["Location"])
                for_good = for_good and response.status_code in PERMANENT
                if for_good:
                    self._address = address
            elif response.status_code == 401 and self._auth is None and at_home:
                self._authenticate(response.headers.get("WWW-Authenticate", ""))
            else:
                raise self._refusal(response, at_home=at_home)
        raise SourceError(f"{self.where()}: more than {REDIRECTS} redirections; give the address that they lead to")

    def chunks(self, response: requests.Response) -> Iterator[bytes]:
        """The answer's body as it comes in.

        Raises:
            SourceError: it breaks off, or nothing comes in time.
        """
        try:
            while chunk := response.raw.read1(CHUNK_BYTES):
                yield chunk
        except FAULTS as fault:
            raise self.error(fault, "lost") from None

    def body(self, response: requests.Response, within_s: float, at_most: int) -> bytes:
        """The whole body of an answer.

        Raises:
            SourceError: as `chunks`, or it takes longer, or is larger.
        """
        body, begun_s = bytearray(), time.monotonic()
        for chunk in self.chunks(response):
            body += chunk
            if time.monotonic() - begun_s > within_s:
                raise SourceError(
                    f"{self.where()} lost: {len(body)} bytes in {within_s:g} s and no end; check the network, "
                    "or ask for smaller pictures"
                )
            if len(body) > at_most:
                raise SourceError(f"{self.where()}: more than {at_most >> 20} MB and no end; check the path")
        return bytes(body)

    def error(self, fault: BaseException, what: str) -> SourceError:
        """A fault of the client in words: its own hold the whole address."""
        why, fix = next(words for kind, words in _FAULTS if any(isinstance(cause, kind) for cause in _causes(fault)))
        return SourceError(f"{self.where()} {what} ({why}): {fix}")

    def where(self) -> str:
        """The camera and its address, safe to log."""
        return f"camera {self.plan.camera_id}: {without_credentials(self.plan.uri)}"

    def _at_home(self, address: str) -> bool:
        """Whether the request goes to the configured host."""
        home, there = urlsplit(self.plan.uri), urlsplit(address)
        if home.hostname != there.hostname or (home.scheme == "https" and there.scheme != "https"):
            return False
        return _port(home.scheme, home.port) == _port(there.scheme, there.port) or (
            home.scheme == "http" and there.scheme == "https" and home.port is None and there.port is None
        )

    def _moved_to(self, address: str, location: str) -> str:
        """Where a redirection leads, without the user and password that it may name."""
        try:
            parts = urlsplit(urljoin(address, location))
            refused = parts.scheme not in {"http", "https"} or not parts.hostname
        except ValueError:
            refused = True
        if refused:
            raise SourceError(f"{self.where()} sends on to an address that is none; correct it on the camera")
        return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))

    def _authenticate(self, challenge: str) -> None:
        if self.plan.credentials is None:
            raise SourceError(
                f"{self.where()} refuses (401): it asks for user and password; "
                "name them in source.credentials, such as env:NAME"
            )
        user, password = user_and_password(self.plan.camera_id, self.plan.credentials)
        if "digest" in challenge.lower():
            self._auth = HTTPDigestAuth(user, password)
        elif "basic" in challenge.lower():
            self._auth = HTTPBasicAuth(user.encode(), password.encode())
        else:
            raise SourceError(
                f"{self.where()} refuses (401) and offers neither Digest nor Basic authentication; "
                "switch one of them on at the camera"
            )

    def _refusal(self, response: requests.Response, *, at_home: bool) -> SourceError:
        status, credentials = response.status_code, self.plan.credentials or "no credentials"
        if status == 401 and not at_home:
            fix = "it sends on to another host, or from https to http, where no credentials go; give that address"
        elif status == 401:
            fix = f"the camera refuses {credentials}; correct user and password"
        elif status in _FIXES:
            fix = _FIXES[status].format(credentials=credentials)
        else:
            fix = "the camera has a fault; restart it" if status >= 500 else "check the address"
        return SourceError(f"{self.where()} refuses ({status} {http.client.responses.get(status, '')}): {fix}")


class _ShortRefusals(HTTPAdapter):
    """Leaves what a camera sends with a refusal or a redirection unread, unless it says that it is short.

    The client would read it to its end before it asks again, however long it is.
    """

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        """See HTTPAdapter."""
        response = super().send(request, *args, **options)
        length = response.headers.get("Content-Length", "")
        if response.status_code not in {200, 304} and not (length.isdecimal() and int(length) <= SHORT_BYTES):
            response.raw.close()
        return response


def _port(scheme: str, port: int | None) -> int:
    return port or (443 if scheme == "https" else 80)


def _causes(fault: BaseException) -> Iterator[BaseException]:
    """An error and those that it wraps: the client's libraries keep them in several places."""
    waiting: list[object] = [fault]
    seen: set[int] = set()
    while waiting:
        cause = waiting.pop()
        if isinstance(cause, BaseException) and id(cause) not in seen:
            seen.add(id(cause))
            waiting += [*cause.args, getattr(cause, "reason", None), cause.__cause__, cause.__context__]
            yield cause


_FAULTS: Final[tuple[tuple[tuple[type[BaseException], ...], tuple[str, str]], ...]] = (
    (
        (requests.exceptions.SSLError, urllib3.exceptions.SSLError),
        ("its certificate is not trusted", "give its authority in VIGIE_CAPTURE_CA_FILE, or correct the host's name"),
    ),
    (
        (urllib3.exceptions.NameResolutionError,),
        ("the host's name has no address", "correct the name, or the sampler's name server"),
    ),
    (
        (ConnectionRefusedError,),
        ("Connection refused", "nothing listens there; check address, port and that the camera is on"),
    ),
    (
        (TimeoutError, requests.Timeout, urllib3.exceptions.TimeoutError),
        ("no answer in time", "check that the camera is on and reachable"),
    ),
    (
        (
            http.client.RemoteDisconnected,
            ConnectionError,
            http.client.IncompleteRead,
            urllib3.exceptions.IncompleteRead,
        ),
        ("the camera closed the connection", "connecting again; if it goes on, look at the camera's own log"),
    ),
    (
        (http.client.HTTPException, urllib3.exceptions.ProtocolError),
        ("what answers does not speak HTTP", "check the port and the path"),
    ),
    (
        (KeyError,),
        (
            "its request for a password is incomplete",
            "choose Basic authentication at the camera, or renew its software",
        ),
    ),
    ((BaseException,), ("the connection failed", "check camera and network")),
)
"""What the client's errors say, the first that is among an error's causes."""
