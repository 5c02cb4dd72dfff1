"""The signs of devices and the catalogue of flows do not contradict each other."""

from collections.abc import Iterator

import pytest

from monitor.classify import Classifier
from monitor.classify.entry import Entry
from monitor.enrich.contacts import Contacts
from monitor.enrich.identity import Thresholds
from monitor.enrich.makers import Makers
from monitor.model.records import Signal


@pytest.fixture(scope="module")
def makers() -> Makers:
    return Makers.load(Thresholds.load().weights)


@pytest.fixture(scope="module")
def contacts(makers: Makers) -> Contacts:
    return Contacts.load(makers)


def said(signals: tuple[Signal, ...]) -> set[str]:
    names = {signal.says for signal in signals}
    return {says.partition("=")[2] for says in names if not says.startswith("kind=")}


def entries() -> Iterator[tuple[Entry, str]]:
    for entry in Classifier().catalog.entries.values():
        for name in entry.match.name:
            yield entry, name.lstrip(".").replace("*", "x")


def test_a_name_of_the_catalogue_is_given_to_no_other_maker(
    makers: Makers, contacts: Contacts
) -> None:
    families = {one.name: {one.name, one.maker} for one in makers.names}
    # Firmware of Reolink asks for a name of a former customer's.
    known = {("Reolink", "mydvr.swanndvr.com")}
    wrong = [
        (entry.maker, name, found)
        for entry, name in entries()
        if entry.maker in families and (entry.maker, name) not in known
        if (found := said(contacts.told(name).contacted)) and not found & families[entry.maker]
    ]
    assert wrong == []


def test_a_name_that_only_apps_contact_makes_no_device(contacts: Contacts) -> None:
    limits = Thresholds.load()
    wrong = [
        (entry.id, name, signal)
        for entry, name in entries()
        if entry.side == "app"
        for signal in contacts.told(name).contacted
        if signal.says == "kind=camera" or signal.weight >= limits.maker_least
        if signal.says != "kind=other"
    ]
    assert wrong == []
