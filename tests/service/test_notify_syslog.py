"""A real rsyslog receives RFC 5424 and CEF over TLS; what it did not take is sent again."""

import json
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from monitor.model.alerts import AlertChange
from monitor.notify import message
from monitor.notify.receipt import Result
from monitor.notify.syslog import Syslog
from tests.support import certificates
from tests.support.notified import free_port, process, until
from tests.support.told import T0, alert

PROGRAM = shutil.which("rsyslogd")
HAS_TLS = PROGRAM is not None and any(Path("/usr/lib").glob("*/rsyslog/lmnsd_gtls.so"))
needs_rsyslog = pytest.mark.skipif(not HAS_TLS, reason="rsyslog with gnutls is not installed")

CONF = """
global(workDirectory="{d}" DefaultNetstreamDriver="gtls" DefaultNetstreamDriverCAFile="{c.ca}"
  DefaultNetstreamDriverCertFile="{c.certificate}" DefaultNetstreamDriverKeyFile="{c.key}")
module(load="imtcp" StreamDriver.Name="gtls" StreamDriver.Mode="1" StreamDriver.AuthMode="anon")
input(type="imtcp" port="{port}" address="127.0.0.1")
template(name="all" type="list" option.jsonf="on") {{
  property(outname="pri" name="pri" format="jsonf")
  property(outname="host" name="hostname" format="jsonf")
  property(outname="app" name="app-name" format="jsonf")
  property(outname="msgid" name="msgid" format="jsonf")
  property(outname="time" name="timereported" dateFormat="rfc3339" format="jsonf")
  property(outname="version" name="protocol-version" format="jsonf")
  property(outname="sd" name="structured-data" format="jsonf")
  property(outname="msg" name="msg" format="jsonf")
}}
action(type="omfile" file="{d}/out" template="all")
"""


@contextmanager
def _rsyslog(directory: Path, made: certificates.Certificates) -> Iterator[int]:
    port = free_port()
    conf = directory / "rsyslog.conf"
    conf.write_text(CONF.format(d=directory, c=made, port=port))
    words = [str(PROGRAM), "-n", "-f", str(conf), "-i", str(directory / "pid")]
    with process(words):
        until(lambda: _listens(port), "rsyslog listens")
        yield port


def _listens(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def _received(directory: Path, count: int) -> list[dict[str, Any]]:
    def _look() -> list[dict[str, Any]]:
        path = directory / "out"
        text = path.read_text() if path.exists() else ""
        decoder, at, found = json.JSONDecoder(), 0, []
        while at < len(text):
            one, at = decoder.raw_decode(text, at)
            found.append(one)
            at += len(text[at:]) - len(text[at:].lstrip())
        return found if len(found) >= count else []

    return until(_look, f"rsyslog wrote {count} messages")


@needs_rsyslog
def test_rsyslog_reads_every_part_of_rfc_5424(tmp_path: Path) -> None:
    made = certificates.make(tmp_path / "tls")
    told = [message.of_alert(alert(n), AlertChange.OPENED, T0, version="1.0") for n in range(1, 4)]
    odd = alert(9, operator='A "quoted" \\ one]', title="Zürich, 東京")
    told.append(message.of_alert(odd, AlertChange.UPDATED, T0, version="1.0"))
    with _rsyslog(tmp_path, made) as port:
        target = Syslog(f"tls://localhost:{port}", "rfc5424", ca_file=made.ca)
        receipt = target.send(told, T0)
        assert (receipt.result, receipt.error) == (Result.DELIVERED, "")
        found = _received(tmp_path, 4)
    first, last = found[0], found[3]
    assert (first["pri"], first["host"], first["app"], first["msgid"], first["version"]) == (
        "131",
        "hall-1",
        "camwatch",
        "opened",
        "1",
    )
    assert first["time"].startswith("2026-11-18T11:06:40")
    assert f'id="{told[0].id}"' in first["sd"]
    assert 'cameras="10.20.3.11"' in first["sd"]
    assert "Diagnostics leave for Hikvision (CN)." in first["msg"]
    assert 'operator="A \\"quoted\\" \\\\ one\\]"' in last["sd"]
    assert "Zürich, 東京" in last["msg"]


@needs_rsyslog
def test_rsyslog_receives_cef(tmp_path: Path) -> None:
    made = certificates.make(tmp_path / "tls")
    told = message.of_alert(alert(), AlertChange.OPENED, T0, version="1.0")
    with _rsyslog(tmp_path, made) as port:
        target = Syslog(f"tls://localhost:{port}", "cef", ca_file=made.ca)
        assert target.send([told], T0).result is Result.DELIVERED
        (found,) = _received(tmp_path, 1)
    assert found["msg"].startswith(
        "CEF:0|camwatch|camwatch|1.0|diagnostics-listed|Diagnostics leave for Hikvision (CN)|8|"
    )


@needs_rsyslog
def test_a_receiver_whose_certificate_nobody_vouches_for_gets_nothing(tmp_path: Path) -> None:
    made, other = (certificates.make(tmp_path / name) for name in ("tls", "other"))
    told = message.of_alert(alert(), AlertChange.OPENED, T0, version="1.0")
    with _rsyslog(tmp_path, made) as port:
        receipt = Syslog(f"tls://localhost:{port}", "rfc5424", ca_file=other.ca).send([told], T0)
    assert receipt.result is Result.FAILED
    assert receipt.error.startswith("its certificate is not accepted: ")


def test_nobody_there_is_a_failure(tmp_path: Path) -> None:
    made = certificates.make(tmp_path / "tls")
    told = message.of_alert(alert(), AlertChange.OPENED, T0, version="1.0")
    receipt = Syslog(f"tls://localhost:{free_port()}", "rfc5424", ca_file=made.ca).send([told], T0)
    assert (receipt.result, receipt.error) == (Result.FAILED, "connection refused")
