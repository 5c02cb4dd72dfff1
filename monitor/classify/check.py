"""Looks the catalogue over: overlaps, dead entries, and the examples that entries carry."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from monitor.classify.classifier import Classifier
from monitor.classify.entry import Entry, Fault
from monitor.classify.index import Catalog, keyed_by
from monitor.model.facts import Dissection, Fact
from monitor.model.records import FlowView
from monitor.model.words import Confidence, NameSource, Protocol, Purpose, Scope

_PROTOCOLS: Final = {
    "tcp": Protocol.TCP.value,
    "udp": Protocol.UDP.value,
    "icmp": Protocol.ICMP.value,
}
_BOUNDLESS: Final = 20
"""Most name patterns without a whole label at the end: each costs a test on every name."""


def lint(catalog: Catalog) -> list[Fault]:
    """Return what is questionable about sound entries: one line each, none when all is well."""
    found: list[Fault] = []
    found.extend(_twins(catalog))
    found.extend(_shadowed(catalog))
    found.extend(_loose(catalog))
    found.extend(_meaningless(catalog.entries.values()))
    return found


def _twins(catalog: Catalog) -> Iterator[Fault]:
    """Yield entries that match exactly the same, of which only the first is ever heard."""
    first: dict[object, Entry] = {}
    for entry in catalog.entries.values():
        other = first.setdefault(entry.match, entry)
        if other is not entry:
            yield _fault(entry, f"matches the same as {other.id}", "merge the two")


def _shadowed(catalog: Catalog) -> Iterator[Fault]:
    """Yield names that say the same as a wider pattern of the same maker, so that they are idle."""
    for entry in catalog.entries.values():
        if keyed_by(entry) != "name" or len(entry.match.name) > 1 or _has_conditions(entry):
            continue
        name = entry.match.name[0].strip(".").replace("*", "x")
        for hit in catalog.by_name(name):
            other = hit.entry
            if other is entry or _has_conditions(other):
                continue
            if hit.pattern.startswith(".") or entry.match.name[0].startswith("."):
                break
            if _says(other) == _says(entry) and other.source == entry.source:
                yield _fault(entry, f"says what {other.id} says already", "remove it")
            break


def _says(entry: Entry) -> tuple[Purpose, frozenset[Purpose], Confidence]:
    return entry.purpose, frozenset(entry.also), entry.confidence


def _has_conditions(entry: Entry) -> bool:
    match = entry.match
    return bool(match.service or match.fact or match.transport or match.port or match.scope)


def _loose(catalog: Catalog) -> Iterator[Fault]:
    loose = [
        entry
        for entry in catalog.entries.values()
        for pattern in entry.match.name
        if pattern.endswith("*") or "." not in pattern.rpartition("*")[2].strip(".")
        if "*" in pattern
    ]
    if len(loose) > _BOUNDLESS:
        text = f"{len(loose)} name patterns have no domain at their end"
        yield _fault(loose[-1], text, "give some of them the domain they belong to")


def _meaningless(entries: Iterable[Entry]) -> Iterator[Fault]:
    for entry in entries:
        if entry.purpose is Purpose.UNKNOWN:
            yield _fault(entry, "says `unknown`", "remove it: unknown needs no entry")
        if keyed_by(entry) == "port" and entry.confidence is Confidence.HIGH:
            yield _fault(entry, "is sure of a bare port", "lower it to medium: ports are shared")


def _fault(entry: Entry, what: str, mend: str) -> Fault:
    return Fault(entry.file, entry.id, what, mend)


def example_view(example: Mapping[str, Any]) -> FlowView:
    """Return the flow that an example describes.

    Keys: ``transport`` (tcp), ``port``, ``name``, ``name_source`` (sni), ``service``, ``facts``
    (kind: value), ``scope`` (outside), ``address``, ``initiated_by`` (camera), ``sent``,
    ``received`` (payload bytes of the camera's side and the other), ``seconds``.

    Raises:
        ValueError: A word of the example is not known.
    """
    transport = str(example.get("transport", "tcp"))
    if transport not in _PROTOCOLS:
        raise ValueError(f"transport `{transport}` is not known")
    name = str(example.get("name", ""))
    facts = tuple(Fact(str(k), str(v)) for k, v in dict(example.get("facts", {})).items())
    sent, received = int(example.get("sent", 300)), int(example.get("received", 300))
    is_ours = example.get("initiated_by", "camera") == "camera"
    orig, resp = (sent, received) if is_ours else (received, sent)
    return FlowView(
        _PROTOCOLS[transport],
        Dissection(str(example.get("service", "")), facts),
        Scope(str(example.get("scope", "outside"))),
        "camera" if is_ours else "destination",
        resp_port=int(example.get("port", 443)),
        name=name,
        name_source=str(example.get("name_source", NameSource.SNI if name else "")),
        destination=str(example.get("address", "")),
        orig_payload=orig,
        resp_payload=resp,
        orig_pkts=orig // 1000 + 1,
        resp_pkts=resp // 1000 + 1,
        orig_data_pkts=orig // 1000 + (orig > 0),
        resp_data_pkts=resp // 1000 + (resp > 0),
        duration_s=float(example.get("seconds", 1)),
    )


def run_examples(catalog: Catalog) -> tuple[int, list[Fault]]:
    """Return how many examples there are, and those whose flow is not classified as they want."""
    classifier = Classifier(catalog)
    count = 0
    faults: list[Fault] = []
    for entry in catalog.entries.values():
        for example in entry.examples:
            count += 1
            try:
                verdict = classifier.classify(example_view(example))
            except (ValueError, TypeError) as error:
                faults.append(_fault(entry, f"an example cannot be read ({error})", "mend it"))
                continue
            if verdict.purpose != example["want"]:
                text = f"example {dict(example)} gives {verdict.purpose}"
                faults.append(_fault(entry, text, "mend the entry or the example"))
    return count, faults
