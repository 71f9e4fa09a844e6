# SPDX-License-Identifier: Apache-2.0
"""The daemon behind TLS, with certificates made by openssl, asked by Python's own client and by `ullage query`."""

import http.server
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from daemon_process import PATIENCE, wait_for
from peers import free_port

CURVE = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]


class Authority:
    """Somebody who signs certificates, in a folder."""

    def __init__(self, folder: Path, name: str = "authority"):
        self.folder = folder
        self.name = name
        self.openssl(
            "req", "-x509", *CURVE, "-days", "30", "-keyout", f"{name}.key", "-out", f"{name}.pem", "-subj", f"/CN={name}"
        )
        self.file = folder / f"{name}.pem"

    def openssl(self, *words: str) -> None:
        """Runs it."""
        subprocess.run(["openssl", *words], cwd=self.folder, check=True, capture_output=True, timeout=20)

    def sign(self, name: str, extension: str, days: int = 30) -> tuple[Path, Path]:
        """A certificate and its key."""
        self.openssl("req", "-new", *CURVE, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        (self.folder / "extension").write_text(extension)
        signer = ["-CA", f"{self.name}.pem", "-CAkey", f"{self.name}.key", "-CAcreateserial"]
        self.openssl(
            "x509", "-req", "-in", f"{name}.csr", *signer, "-days", str(days), "-extfile", "extension", "-out", f"{name}.pem"
        )
        return self.folder / f"{name}.pem", self.folder / f"{name}.key"

    def for_server(self, name: str = "server", days: int = 30) -> dict[str, str]:
        """Settings of server.tls."""
        certificate, key = self.sign(name, "subjectAltName=IP:127.0.0.1,DNS:localhost", days)
        return {"cert_file": str(certificate), "key_file": str(key)}


@pytest.fixture
def authority(tmp_path):
    """One that the tests' clients trust."""
    folder = tmp_path / "tls"
    folder.mkdir()
    return Authority(folder)


class Daemon:
    """`ullage daemon` with a settings file."""

    def __init__(self, ullage, server: dict, host: str = "127.0.0.1", prefix: tuple[str, ...] = ()):
        self.ullage = ullage
        self.port = free_port()
        self.host = host
        self.settings = ullage.scratch / "settings.yaml"
        self.log_path = ullage.scratch / f"daemon-{time.monotonic_ns()}.log"
        self.write(server)
        command = [*prefix, ullage.binary, "daemon", "--state", ullage.state, "--config", self.settings]
        with self.log_path.open("wb") as log:
            self.process = subprocess.Popen(list(map(str, command)), stdout=log, stderr=log, env=ullage.environment)

    def write(self, server: dict) -> None:
        """The settings file."""
        listen = [f"{self.host}:{self.port}"]
        self.settings.write_text(json.dumps({"server": {"listen": listen, **server}}))

    @property
    def log(self) -> str:
        """What it has said."""
        return self.log_path.read_text()

    def get(self, path: str, context: ssl.SSLContext, token: str | None = None) -> str:
        """A page over HTTPS."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        with opener.open(urllib.request.Request(f"https://127.0.0.1:{self.port}{path}", headers=headers), timeout=10) as answer:
            return answer.read().decode()

    def until_it_listens(self) -> "Daemon":
        """Returns it."""
        wait_for(lambda: "watching each" in self.log or self.process.poll() is not None, "it listens")
        assert self.process.poll() is None, self.log
        return self


@pytest.fixture
def start(ullage):
    """Starts daemons that end with the test."""
    daemons = []

    def begin(server: dict, **more) -> Daemon:
        daemons.append(Daemon(ullage, server, **more))
        return daemons[-1]

    yield begin
    for daemon in daemons:
        daemon.process.kill()
        daemon.process.wait()


def trusting(authority: Authority, shown: tuple[Path, Path] | None = None) -> ssl.SSLContext:
    """A client that trusts the authority, and shows a certificate where it has one."""
    context = ssl.create_default_context(cafile=str(authority.file))
    if shown:
        context.load_cert_chain(*map(str, shown))
    return context


def test_pages_and_queries_go_over_https_and_plain_http_is_told_so(start, authority, ullage):
    daemon = start({"tls": authority.for_server()}).until_it_listens()
    assert f"https://127.0.0.1:{daemon.port}" in daemon.log
    wait_for(lambda: "node_load1" in daemon.get("/metrics", trusting(authority)), "a first tick")
    assert "<title>Ullage</title>" in daemon.get("/", trusting(authority))
    with pytest.raises(urllib.error.HTTPError) as told:
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"http://127.0.0.1:{daemon.port}/", timeout=10)
    assert told.value.code == 400 and b"https://" in told.value.read()
    url = f"https://127.0.0.1:{daemon.port}"
    asked = ullage("query", "--from", url, "node_load1", env={**ullage.environment, "no_proxy": "*"})
    assert asked.code == 2 and "certificate" in asked.err
    environment = {**ullage.environment, "no_proxy": "*", "ULLAGE_QUERY_TLS_CA_FILE": str(authority.file)}
    wait_for(lambda: "node_load1" in ullage("query", "--from", url, "node_load1", env=environment).out, "an answer")


def test_old_tls_is_not_spoken(start, authority):
    daemon = start({"tls": authority.for_server()}).until_it_listens()
    context = trusting(authority)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    assert "<title>" in daemon.get("/", context)
    old = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{daemon.port}", "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"],
        input=b"",
        capture_output=True,
        timeout=20,
    )
    assert b"Cipher is (NONE)" in old.stdout


def test_only_clients_with_a_certificate_come_in_where_that_is_asked_for(start, authority, ullage):
    daemon = start({"tls": {**authority.for_server(), "client_ca_file": str(authority.file)}})
    daemon.until_it_listens()
    client = authority.sign("client", "extendedKeyUsage=clientAuth")
    stranger = Authority(authority.folder, "stranger")
    for shown in (None, stranger.sign("impostor", "extendedKeyUsage=clientAuth")):
        with pytest.raises(OSError):
            daemon.get("/metrics", trusting(authority, shown))
    assert "ullage" in daemon.get("/metrics", trusting(authority, client))
    environment = {
        **ullage.environment,
        "no_proxy": "*",
        "ULLAGE_QUERY_TLS_CA_FILE": str(authority.file),
        "ULLAGE_QUERY_TLS_CERT_FILE": str(client[0]),
        "ULLAGE_QUERY_TLS_KEY_FILE": str(client[1]),
    }
    url = f"https://127.0.0.1:{daemon.port}"
    wait_for(lambda: "node_load1" in ullage("query", "--from", url, "node_load1", env=environment).out, "an answer")


def test_an_address_that_others_reach_wants_a_token_or_certificates_and_says_so(start, authority):
    daemon = start({"tls": authority.for_server()}, host="0.0.0.0")  # nosec: it is refused
    assert daemon.process.wait(timeout=PATIENCE) == 2
    assert "server.token_file" in daemon.log and "server.tls.client_ca_file" in daemon.log


@pytest.mark.skipif(os.geteuid() != 0, reason="a network of its own takes root")
def test_a_token_in_the_clear_is_allowed_and_said(start, ullage):
    token = ullage.scratch / "token"
    token.write_text("0123456789abcdef0123456789abcdef\n")
    token.chmod(0o600)
    # In a network of its own, where nobody is.
    daemon = start({"token_file": str(token)}, host="0.0.0.0", prefix=("unshare", "--net"))  # nosec
    wait_for(lambda: "unencrypted" in daemon.log, "a warning")


def test_what_is_wrong_with_the_files_is_said(start, authority, ullage):
    good = authority.for_server()
    other = authority.for_server("other")
    stale = start({"tls": authority.for_server("stale", days=0)}).until_it_listens()
    wait_for(lambda: "expire" in stale.log, "a word of the certificate's end")
    stale.process.terminate()
    assert stale.process.wait(timeout=PATIENCE) == 0
    (authority.folder / "wrong").write_text("not it\n")
    authority.openssl("ec", "-aes256", "-passout", "pass:sesame", "-in", "server.key", "-out", "server.encrypted")
    encrypted = {**good, "key_file": str(authority.folder / "server.encrypted")}
    for tls, word in (
        ({**good, "key_file": other["key_file"]}, "not the key of the certificate"),
        ({**good, "key_file": str(ullage.scratch / "none.key")}, "none.key"),
        ({**good, "cert_file": __file__}, "no certificate"),
        ({"cert_file": good["cert_file"]}, "server.tls.key_file"),
        (encrypted, "server.tls.key_password_file"),
        ({**encrypted, "key_password_file": str(authority.folder / "wrong")}, "the password does not open the key"),
    ):
        daemon = start({"tls": tls})
        assert daemon.process.wait(timeout=PATIENCE) == 2, tls
        assert word in daemon.log, daemon.log


def test_a_hang_up_reads_certificates_anew_and_wrong_ones_change_nothing(start, authority):
    tls = authority.for_server()
    daemon = start({"tls": tls}).until_it_listens()
    successor = Authority(authority.folder, "successor")

    def hang_up(word: str) -> None:
        before = len(daemon.log)
        daemon.process.send_signal(signal.SIGHUP)
        wait_for(lambda: word in daemon.log[before:], word)

    whole = Path(tls["key_file"]).read_bytes()
    Path(tls["key_file"]).write_bytes(whole[:50])
    hang_up("stay as they were")
    assert "<title>" in daemon.get("/", trusting(authority))
    successor.for_server()  # the same files, by another authority
    daemon.process.send_signal(signal.SIGHUP)

    def is_renewed() -> bool:
        try:
            return "<title>" in daemon.get("/", trusting(successor))
        except urllib.error.URLError:
            return False

    wait_for(is_renewed, "the new certificate")
    with pytest.raises(urllib.error.URLError):
        daemon.get("/", trusting(authority))


class Page(http.server.BaseHTTPRequestHandler):
    """One metric: the name by which it was asked."""

    def do_GET(self):
        """Answers."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f'asked{{host="{self.headers["Host"]}"}} 1\n'.encode())

    def log_message(self, *_):
        """Says nothing."""


def test_targets_are_scraped_over_https_as_their_job_says(start, authority, ullage):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.sign("metrics", "subjectAltName=DNS:metrics.example"))
    context.load_verify_locations(authority.file)
    context.verify_mode = ssl.CERT_REQUIRED
    certificate, key = map(str, authority.sign("scraper", "extendedKeyUsage=clientAuth"))
    shown = {"cert_file": certificate, "key_file": key}
    jobs = {
        "named": {**shown, "ca_file": str(authority.file), "server_name": "metrics.example"},
        "unnamed": {**shown, "ca_file": str(authority.file)},
        "stranger": {**shown, "server_name": "metrics.example"},
        "nobody": {"ca_file": str(authority.file), "server_name": "metrics.example"},
        "careless": {**shown, "insecure_skip_verify": True},
    }
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        address = f"127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        scrape_file = ullage.scratch / "scrape.json"
        configs = [
            {"job_name": job, "scheme": "https", "scrape_interval": "5s", "scrape_timeout": "5s", "tls_config": tls}
            | {"static_configs": [{"targets": [address], "labels": {"instance": "i"}}]}
            for job, tls in jobs.items()
        ]
        scrape_file.write_text(json.dumps({"scrape_configs": configs}))
        daemon = start({"tls": authority.for_server()}, prefix=("env", f"ULLAGE_DAEMON_SCRAPE_FILE={scrape_file}"))
        daemon.until_it_listens()

        def ups() -> dict[str, str]:
            page = daemon.get("/metrics", trusting(authority))
            return dict(re.findall(r'^up{instance="i",job="(\w+)"} (\d)$', page, re.MULTILINE))

        wished = {"named": "1", "unnamed": "0", "stranger": "0", "nobody": "0", "careless": "1"}
        wait_for(lambda: ups() == wished, "who may is up and who may not is down")
        asked = f'asked{{host="{address}",instance="i",job="named"}} 1'
        wait_for(lambda: asked in daemon.get("/metrics", trusting(authority)), "it was asked by its own name")
        server.shutdown()


def test_a_client_that_never_greets_keeps_nobody_else_waiting(start, authority):
    daemon = start({"tls": authority.for_server()}).until_it_listens()
    silent = [socket.create_connection(("127.0.0.1", daemon.port)) for _ in range(50)]
    begin = time.monotonic()
    assert "<title>" in daemon.get("/", trusting(authority))
    assert time.monotonic() - begin < 5
    for connection in silent:
        connection.close()
