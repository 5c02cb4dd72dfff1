"""Makers and brands: prefixes, and who is named in a text."""

from pathlib import Path

import pytest

from monitor.enrich.identity import Thresholds
from monitor.enrich.makers import Makers
from monitor.errors import ConfigError

ONE = """
makers: [{name: Maker, makes: cameras, organisations: ["^maker"], aliases: [maker], source: a test}]
brands: [{name: Label, maker: Maker, sure: high, aliases: [label], source: a test}]
others: [{organisations: ["^phones"], weight: 0.5, source: a test}]
models: [{match: "(?P<model>M-[0-9]+)", maker: Maker, kind: camera, source: a test}]
"""


@pytest.fixture(scope="module")
def makers() -> Makers:
    return Makers.load(Thresholds.load().weights)


def said(claims: object) -> dict[str, float]:
    assert isinstance(claims, tuple)
    return {claim.says: round(claim.weight, 3) for claim in claims}


@pytest.mark.parametrize(
    ("organisation", "maker"),
    [
        ("Hangzhou Hikvision Digital Technology Co.,Ltd.", "Hikvision"),
        ("Prama Hikvision India Private Limited", "Hikvision"),
        ("Hangzhou Ezviz Software Co.,Ltd.", "Hikvision"),
        ("Zhejiang Dahua Technologyco.,Ltd", "Dahua"),
        ("hangzhou huacheng network technology co., ltd", "Dahua"),
        ("Zhejiang Uniview Technologies Co.,Ltd.", "Uniview"),
        ("Samsung Techwin Co.,Ltd", "Hanwha"),
        ("Bosch Security Systems BV", "Bosch"),
        ("D-Link (Shanghai) Limited Corp.", "D-Link"),
        ("Juan (one of its registered companies)", "Juan"),
    ],
)
def test_spellings_of_one_maker_are_one_name(makers: Makers, organisation: str, maker: str) -> None:
    assert f"maker={maker}" in said(makers.of_organisation(organisation))


@pytest.mark.parametrize(
    "organisation",
    [
        "",
        "Espressif Inc.",
        "Realtek Semiconductor Corp.",
        "AzureWave Technology Inc.",
        "Liteon Technology Corporation",
        "Murata Manufacturing Co., Ltd.",
        "Sercomm Corporation.",
        "Hisilicon Technologies Co., Ltd",
        "Sichuan AI-Link Technology Co., Ltd.",
        "Hi-flying electronics technology Co.,Ltd",
        "Shenzhen Bilian electronic CO.,LTD",
        "Texas Instruments",
        "Tuya Smart Inc.",
        "Shanghai Dahua Scale Factory",
        "HYESUNG TECHWIN Co., Ltd",
        "BlinkPipe Ltd",
        "Robert Bosch GmbH",
    ],
)
def test_module_makers_platforms_and_namesakes_make_no_device(
    makers: Makers, organisation: str
) -> None:
    assert makers.of_organisation(organisation) == ()


def test_a_makers_own_brand_speaks_wholly_for_it_and_a_resellers_in_part(makers: Makers) -> None:
    own = said(makers.of_organisation("Hangzhou Ezviz Software Co.,Ltd."))
    assert (own["brand=EZVIZ"], own["maker=Hikvision"]) == (0.9, 0.9)
    resold = said(makers.of_organisation("Amcrest Technologies"))
    assert (resold["brand=Amcrest"], resold["maker=Dahua"]) == (0.9, 0.45)
    several = said(makers.of_organisation("Lorex Technology Inc."))
    assert several == {"brand=Lorex": 0.9, "kind=camera": 0.65}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("ANNKE", {"brand=Annke", "maker=Hikvision"}),
        ("HIKVISION&CS-CV206-C0-1A1WFR-KJDS&C48711796&NOTH", {"maker=Hikvision", "brand=EZVIZ"}),
        ("D-Link DCS-935L Configuration Utility", {"maker=D-Link", "kind=camera"}),
        ("dch-s150", {"maker=D-Link", "kind=other", "model=DCH-S150"}),
        ("DS-7608NI-K2", {"maker=Hikvision", "kind=recorder"}),
        ("IPC-HFW2441S", {"maker=Dahua", "kind=camera"}),
        ("chuangmi_camera_ipc019", {"maker=Imilab", "kind=camera"}),
        ("IPC324LE-DSF28K-G", {"maker=Uniview", "kind=camera", "model=IPC324LE-DSF28K-G"}),
        ("AXIS M1065-LW - ACCC12345678", {"maker=Axis", "kind=camera", "model=M1065-LW"}),
        ("RLC-810A", {"maker=Reolink", "kind=camera"}),
        ("RLN8-410", {"maker=Reolink", "kind=recorder"}),
        ("IP8M-2496EB", {"brand=Amcrest", "maker=Dahua"}),
        ("UVC G3 Flex", {"maker=Ubiquiti", "kind=camera"}),
        ("UAP-AC-Pro", {"maker=Ubiquiti", "kind=other"}),
        ("nvr-12", {"kind=recorder"}),
        ("Anna's iPhone", {"kind=other"}),
        ("DESKTOP-4F7KQ2B", {"kind=other"}),
        ("LTS", {"brand=LTS"}),
    ],
)
def test_a_text_is_searched_for_makers_brands_and_models(
    makers: Makers, text: str, says: set[str]
) -> None:
    assert says <= said(makers.in_text(text)).keys()


@pytest.mark.parametrize(
    "text", ["", "results", "Linux UPnP/1.0", "mailts", "envr", "rtthread", "spring", "x" * 4000]
)
def test_a_text_that_names_nobody_says_nothing(makers: Makers, text: str) -> None:
    assert makers.in_text(text) == ()


def test_what_is_remembered_is_bounded(makers: Makers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.enrich.makers.MAX_CACHED", 2)
    for number in range(5):
        makers.in_text(f"text {number}")
        makers.of_organisation(f"company {number}")
    assert len(makers._in_text) <= 3
    assert len(makers._of_organisation) <= 3


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("makes: cameras", "makes: shoes"),
        ("sure: high", "sure: quite"),
        ("maker: Maker, sure", "maker: Nobody, sure"),
        ('"^maker"', '"(maker"'),
        ("weight: 0.5", "weight: -1"),
        ("weight: 0.5", "weight: yes"),
        ("kind: camera", "kind: lamp"),
        ("maker: Maker, kind", "maker: Nobody, kind"),
        ("aliases: [maker]", "aliases: maker"),
        ("aliases: [label]", "alias: [label]"),
        ("others:", "rest:"),
    ],
)
def test_a_wrong_entry_is_refused_with_the_file_and_what_to_do(
    tmp_path: Path, old: str, new: str
) -> None:
    path = tmp_path / "makers.yaml"
    path.write_text(ONE)
    Makers.load(Thresholds.load().weights, path)
    assert ONE.count(old) == 1
    path.write_text(ONE.replace(old, new))
    with pytest.raises(ConfigError, match=r"makers\.yaml: "):
        Makers.load(Thresholds.load().weights, path)
