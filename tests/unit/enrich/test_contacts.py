"""What the names of hosts say of who contacts them."""

from pathlib import Path

import pytest

from monitor.enrich.contacts import Contacts
from monitor.enrich.identity import Thresholds
from monitor.enrich.makers import Makers
from monitor.errors import ConfigError

ONE = """
weights:
- {name: camera, maker: 0.5, kind: 0.5, about: x}
- {name: device, maker: 0.4, kind: 0, about: x}
- {name: any, maker: 0.3, kind: 0, about: x}
- {name: asked, maker: 0.5, kind: 0.5, about: x}
names:
- {maker: Dahua, camera: [cam.example.com], device: ["dev*.example.com"], any: [.example.com], source: x}
others: [{names: [.phones.example], weight: 0.6, source: x}]
plain: {names: [.ntp.org]}
"""


@pytest.fixture(scope="module")
def makers() -> Makers:
    return Makers.load(Thresholds.load().weights)


@pytest.fixture(scope="module")
def shipped(makers: Makers) -> Contacts:
    return Contacts.load(makers)


def written(folder: Path, text: str) -> Path:
    path = folder / "names.yaml"
    path.write_text(text)
    return path


def said(contacts: Contacts, name: str) -> dict[str, float]:
    return {signal.says: signal.weight for signal in contacts.told(name).contacted}


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("cam.example.com", {"maker=Dahua": 0.5, "kind=camera": 0.5}),
        ("CAM.example.com.", {"maker=Dahua": 0.5, "kind=camera": 0.5}),
        ("dev7.example.com", {"maker=Dahua": 0.4}),
        ("www.example.com", {"maker=Dahua": 0.3}),
        ("example.com", {"maker=Dahua": 0.3}),
        ("a.phones.example", {"kind=other": 0.6}),
        ("0.pool.ntp.org", {}),
        ("notexample.com", {}),
    ],
)
def test_the_most_exact_rule_counts(
    makers: Makers, tmp_path: Path, name: str, says: dict[str, float]
) -> None:
    contacts = Contacts.load(makers, written(tmp_path, ONE))
    assert said(contacts, name) == says


def test_a_name_that_was_only_looked_up_weighs_less(makers: Makers, tmp_path: Path) -> None:
    contacts = Contacts.load(makers, written(tmp_path, ONE))
    asked = {signal.says: signal.weight for signal in contacts.told("cam.example.com").asked}
    assert asked == {"maker=Dahua": 0.25, "kind=camera": 0.25}


@pytest.mark.parametrize(
    ("name", "domain"),
    [
        ("www.unrelated.example", "unrelated.example"),
        ("a.b.c.unrelated.example", "unrelated.example"),
        ("cam.example.com", ""),
        ("0.pool.ntp.org", ""),
        ("192.0.2.7", ""),
        ("2001:db8::7", ""),
        ("localhost", ""),
        ("", ""),
        ("x" * 300 + ".example", ""),
    ],
)
def test_domains_that_no_rule_knows_are_counted_but_not_addresses(
    makers: Makers, tmp_path: Path, name: str, domain: str
) -> None:
    contacts = Contacts.load(makers, written(tmp_path, ONE))
    assert contacts.told(name).unrelated == domain


@pytest.mark.parametrize(
    ("name", "maker", "is_camera"),
    [
        ("litedev.us.ezvizlife.com", "Hikvision", True),
        ("api.ezvizlife.com", "Hikvision", False),
        ("devaccess.lechange.cn", "Dahua", False),
        ("www.star4live.com", "Uniview", True),
        ("p2p5.reolink.com", "Reolink", False),
        ("pub-cfg.secu100.net", "Xiongmai", False),
        ("euw1-relay-dcipc.i.tplinknbu.com", "TP-Link", True),
        ("n-euw1-wap-gw.tplinkcloud.com", "TP-Link", False),
        ("vs-cam.u011.immedia-semi.com", "Amazon", True),
        ("mp-eu-signal.auto.mydlink.com", "D-Link", False),
        ("business.smartcamera.api.io.mi.com", "", True),
        ("m2.tuyaeu.com", "", False),
    ],
)
def test_shipped_names_tell_makers_apart(
    shipped: Contacts, name: str, maker: str, is_camera: bool
) -> None:
    says = said(shipped, name)
    makers_said = {key for key in says if key.startswith("maker=")}
    assert makers_said == ({f"maker={maker}"} if maker else set())
    assert ("kind=camera" in says) is is_camera


def test_no_name_of_an_app_makes_a_camera_or_names_a_maker_alone(shipped: Contacts) -> None:
    limits = Thresholds.load()
    for rule in shipped.rules:
        if rule.side == "any":
            assert all(claim.weight < limits.maker_least for claim in rule.says), rule
            assert not any(claim.says.startswith("kind=") for claim in rule.says), rule


def test_what_is_remembered_is_bounded(makers: Makers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.enrich.contacts.MAX_CACHED", 2)
    contacts = Contacts.load(makers)
    for number in range(5):
        contacts.told(f"host{number}.example.net")
    assert len(contacts._known) <= 2


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("maker: Dahua", "maker: Nobody"),
        ("maker: Dahua", "brand: Nobody"),
        ("[cam.example.com]", "[Cam.example.com]"),
        ("[cam.example.com]", "[https://example.com/]"),
        ("[cam.example.com]", "cam.example.com"),
        ("name: asked", "name: guessed"),
        ("weight: 0.6", "weight: much"),
        ("plain:", "common:"),
        ("source: x}\nothers", "sources: x}\nothers"),
    ],
)
def test_a_wrong_entry_is_refused_with_the_file_and_what_to_do(
    makers: Makers, tmp_path: Path, old: str, new: str
) -> None:
    assert ONE.count(old) == 1
    with pytest.raises(ConfigError, match=r"names\.yaml: .*;"):
        Contacts.load(makers, written(tmp_path, ONE.replace(old, new)))
