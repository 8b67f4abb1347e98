"""HTTP cameras that answer oddly, on real sockets: broken challenges, endless pages, certificates, empty answers."""

import contextlib
import itertools
import logging
import socket
import ssl
import subprocess
import threading

import pytest

from vigie_frame_sampler import camera_capture

TLS_HELLO = b"\x16"
INCOMPLETE = "its request for a password is incomplete"


@pytest.fixture
def scripted():
    """A server that gives one answer to every request: `scripted(answer)` gives its port, and the requests it hears.

    An answer is bytes, or gives an iterator of bytes. tls: the server's side of it; who speaks none gets `plain`.
    """
    servers = []

    def start(answer, tls=None, plain=None):
        server, requests = socket.create_server(("127.0.0.1", 0)), []
        servers.append(server)

        def talk(link):
            with contextlib.suppress(OSError):
                hidden = tls is not None and link.recv(1, socket.MSG_PEEK) == TLS_HELLO
                given = answer if hidden or plain is None else plain
                with tls.wrap_socket(link, server_side=True) if hidden else link as spoken:
                    while request := spoken.recv(65536):
                        requests.append(request)
                        for piece in [given] if isinstance(given, bytes) else given():
                            spoken.sendall(piece)

        def accept():
            with contextlib.suppress(OSError):
                while True:
                    threading.Thread(target=talk, args=(server.accept()[0],), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        return server.getsockname()[1], requests

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def password(monkeypatch):
    """The reference to a password."""
    monkeypatch.setenv("CAMERA_CENTRE", "operator:hunter2")
    return "env:CAMERA_CENTRE"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate of localhost that nobody but the tests trusts, and its key: paths."""
    folder = tmp_path_factory.mktemp("tls")
    paths = folder / "camera.pem", folder / "camera.key"
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    about = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "2"]
    subprocess.run([*made, *about, "-out", paths[0], "-keyout", paths[1]], check=True, capture_output=True)
    return paths


@pytest.fixture
def tls(certificate):
    """The server's side of TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context


def refusal(challenge, more=b"Content-Length: 0\r\n"):
    return b"HTTP/1.1 401 No\r\n" + more + b"WWW-Authenticate: " + challenge + b"\r\n\r\n"


@pytest.mark.parametrize("challenge", [b'Digest nonce="1"', b'Digest realm="camera"', b"Digest"])
def test_a_challenge_without_its_parts_is_told_and_ends_nothing(challenge, scripted, watch, wait_until, password):
    port, _ = scripted(refusal(challenge))
    camera = watch(kind="snapshot", uri=f"http://127.0.0.1:{port}/x", credentials=password)
    wait_until(lambda: sum(INCOMPLETE in f["reason"] for f in camera.status("offline")) >= 2, 30)
    assert camera.states == ["offline"]


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        (refusal(b'Digest realm="camera", nonce="1"', b""), "the camera refuses env:CAMERA_CENTRE"),
        (b"HTTP/1.1 302 Found\r\nLocation: /y\r\n\r\n", "more than 5 redirections"),
        (b"HTTP/1.1 500 No\r\n\r\n", "the camera has a fault"),
    ],
)
def test_a_refusal_with_a_page_without_end_is_not_read(head, reason, scripted, watch, wait_until, password):
    page = bytes(1 << 20)
    port, _ = scripted(lambda: itertools.chain([head], itertools.repeat(page)))
    camera = watch(kind="mjpeg", uri=f"http://127.0.0.1:{port}/x", credentials=password)
    wait_until(lambda: any(reason in f["reason"] for f in camera.status("offline")), 15)


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b"HTTP/1.1 304 Not Modified\r\n\r\n"]
)
def test_an_answer_that_never_had_a_picture_is_told(answer, scripted, watch, wait_until):
    port, _ = scripted(answer)
    camera = watch(kind="snapshot", uri=f"http://127.0.0.1:{port}/x")
    wait_until(lambda: any("what comes is no JPEG" in f["reason"] for f in camera.status("offline")), 15)
    assert camera.states == ["offline"]


def test_a_camera_that_answers_too_slowly_to_fail_is_offline(scripted, watch, wait_until, monkeypatch):
    monkeypatch.setattr(camera_capture, "STALLED_MS", 1_500)
    over = threading.Event()

    def trickle():
        yield b"HTTP/1.1 200 OK\r\nA:"
        while not over.wait(0.2):  # within every time-out of reading
            yield b"b"

    port, _ = scripted(trickle)
    camera = watch(kind="mjpeg", uri=f"http://127.0.0.1:{port}/x")
    wait_until(lambda: camera.states == ["offline"], 15)
    assert "connecting: no image yet for" in camera.status("offline")[-1]["reason"]
    over.set()  # a thread that reads ends with what it reads


def test_an_https_camera_is_trusted_by_the_authorities_that_are_named(
    scripted, watch, wait_until, certificate, tls, camera_jpeg
):
    port, _ = scripted(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(camera_jpeg), camera_jpeg), tls)
    uri = f"https://localhost:{port}/x"
    trusted = watch(kind="snapshot", uri=uri, ca_file=str(certificate[0]))
    strange = watch(kind="snapshot", uri=uri)
    misnamed = watch(kind="snapshot", uri=uri.replace("localhost", "127.0.0.1"), ca_file=str(certificate[0]))
    wait_until(lambda: len(trusted.status("ok")) >= 2, 15)
    for camera in (strange, misnamed):
        expected = "its certificate is not trusted): give its authority in VIGIE_CAPTURE_CA_FILE"
        wait_until(lambda camera=camera, e=expected: any(e in f["reason"] for f in camera.status("offline")), 15)
        assert camera.status("ok") == []


def test_credentials_do_not_go_from_https_to_http(scripted, watch, wait_until, certificate, tls, password):
    def send_on():
        yield b"HTTP/1.1 302 Found\r\nLocation: http://localhost:%d/x\r\nContent-Length: 0\r\n\r\n" % port

    port, heard = scripted(send_on, tls, plain=refusal(b'Basic realm="camera"'))
    camera = watch(
        kind="snapshot", uri=f"https://localhost:{port}/x", credentials=password, ca_file=str(certificate[0])
    )
    wait_until(lambda: any("from https to http" in f["reason"] for f in camera.status("offline")), 15)
    assert all(b"authorization" not in request.lower() for request in heard)


def test_the_user_and_password_that_a_redirection_names_are_not_sent(scripted, watch, wait_until, capfd):
    def send_on():
        place = b"http://admin:hunter2@localhost:%d/y" % port
        yield b"HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n" % place

    port, heard = scripted(send_on)
    camera = watch(kind="snapshot", uri=f"http://127.0.0.1:{port}/x")
    wait_until(lambda: any("more than 5 redirections" in f["reason"] for f in camera.status("offline")), 15)
    assert all(b"authorization" not in request.lower() for request in heard)
    assert "hunter2" not in str(camera.messages) + "".join(capfd.readouterr())


def test_credentials_in_the_address_are_sent_and_said_nowhere(scripted, watch, wait_until, password, caplog):
    caplog.set_level(logging.DEBUG)
    port, heard = scripted(b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n")
    uri = f"http://127.0.0.1:{port}/x?usr={{user}}&pwd={{password}}&token=s3cret"
    camera = watch(kind="snapshot", uri=uri, credentials=password)
    expected = (
        f"camera cam-1: http://127.0.0.1:{port}/x?usr=…&pwd=…&token=… refuses (404 Not Found): "
        "the camera has no such address; check the path"
    )
    wait_until(lambda: any(f["reason"] == expected for f in camera.status("offline")), 15)
    assert heard[0].startswith(b"GET /x?usr=operator&pwd=hunter2&token=s3cret HTTP/1.1")
    said = str(camera.messages) + caplog.text
    assert [word for word in ("hunter2", "operator", "s3cret") if word in said] == []
