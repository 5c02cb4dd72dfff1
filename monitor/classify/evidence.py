"""Gathers the signs of a flow that do not depend on sizes and times, and weighs them."""

from collections.abc import Iterator
from typing import NamedTuple

from monitor.classify import rules
from monitor.classify.entry import Entry
from monitor.classify.index import TRANSPORT, Catalog, fits, is_tail, service_port
from monitor.classify.names import SUFFIX, NameHit, host_labels
from monitor.model.records import Evidence, FlowView
from monitor.model.words import Confidence, Protocol, Purpose, Scope

WEB_SERVICES = frozenset(("tls", "http", "quic", "websocket"))
"""Carriers: they say how, not what for."""

GENERAL = frozenset((Purpose.CLOUD_API, Purpose.CLOUD_STORAGE, Purpose.P2P_RENDEZVOUS))
"""What a host is for in general, where a request can be for something of its own."""

ECHO = {Protocol.ICMP: (0, 8), Protocol.ICMPV6: (128, 129)}
TUNNELS = frozenset((Protocol.GRE, Protocol.ESP, Protocol.AH))
NEIGHBOURS = frozenset((*range(130, 138), 143))
"""ICMPv6 multicast listener and neighbour discovery messages, RFC 2710, 3810 and 4861."""

P2P = frozenset((Purpose.P2P_RENDEZVOUS, Purpose.MEDIA_RELAY))


class Sign(NamedTuple):
    """One thing that speaks for a purpose."""

    evidence: Evidence
    purpose: Purpose
    also: tuple[Purpose, ...]
    weight: float

    def scaled(self, factor: float) -> "Sign":
        """Return the sign with its weight multiplied."""
        return self._replace(weight=self.weight * factor)


class Opinion(NamedTuple):
    """What the signs say together."""

    purpose: Purpose
    confidence: Confidence
    evidence: tuple[Evidence, ...]
    also: frozenset[Purpose]
    """Purposes that signs for the winner also allow."""


def is_inbound(view: FlowView) -> bool:
    """Tell whether somebody outside opened the flow."""
    if view.initiated_by != "destination" or view.scope is not Scope.OUTSIDE:
        return False
    return view.protocol in (Protocol.TCP, Protocol.UDP) and not is_tail(view)


def is_silent(view: FlowView) -> bool:
    """Tell whether no payload was seen."""
    return not (view.orig_data_pkts or view.resp_data_pkts)


def gather(view: FlowView, catalog: Catalog) -> list[Sign]:
    """Return the signs of a flow, whatever they say."""
    facts = list(_of_facts(view, catalog))
    names = list(_of_name(view, catalog))
    services = list(_of_service(view, catalog))
    closer = {s.purpose for s in facts if s.weight >= rules.MEDIUM}
    closer |= {s.purpose for s in services if s.weight >= rules.HIGH}
    if closer:
        names = [_yield_to(sign, closer) for sign in names]
    signs = services + facts + names
    signs.extend(_of_address(view, catalog))
    if not services and not view.dissection.service:
        signs.extend(_of_port(view, catalog))
    structure = _of_structure(view, services)
    if structure is not None:
        if structure.purpose is Purpose.REMOTE_ACCESS:
            signs = [sign.scaled(rules.YIELDING) for sign in signs]
        signs.append(structure)
    return signs


def _yield_to(sign: Sign, closer: set[Purpose]) -> Sign:
    if sign.purpose in GENERAL and sign.purpose not in closer:
        return sign.scaled(rules.YIELDING)
    return sign


def _sign(entry: Entry, kind: str, value: str, weight: float) -> Sign:
    evidence = Evidence(kind, value, entry.id)
    return Sign(evidence, entry.purpose, entry.also, weight * rules.BY_CONFIDENCE[entry.confidence])


def _of_service(view: FlowView, catalog: Catalog) -> Iterator[Sign]:
    service = view.dissection.service
    best: Entry | None = None
    for entry in catalog.by_service(service):
        if fits(entry, view) and (best is None or _closeness(entry) > _closeness(best)):
            best = entry
    if best is not None:
        yield _sign(best, "service", service, rules.TRUST_SERVICE)


def _closeness(entry: Entry) -> int:
    match = entry.match
    return bool(match.port) + bool(match.scope) + bool(match.transport) + bool(match.initiated_by)


def _of_facts(view: FlowView, catalog: Catalog) -> Iterator[Sign]:
    """Yield the strongest sign of each fact kind for each purpose."""
    best: dict[tuple[str, Purpose], Sign] = {}
    for hit in catalog.by_fact(view.dissection):
        if fits(hit.entry, view):
            sign = _sign(hit.entry, "fact", f"{hit.kind}={hit.value}", rules.TRUST_FACT)
            key = (hit.kind, sign.purpose)
            if key not in best or sign.weight > best[key].weight:
                best[key] = sign
    yield from best.values()


def _of_name(view: FlowView, catalog: Catalog) -> Iterator[Sign]:
    name = view.name.removeprefix("*.")
    if not name:
        return
    source = rules.BY_NAME_SOURCE.get(view.name_source, 1.0)  # type: ignore[call-overload]  # text of a NameSource
    hit = next((hit for hit in catalog.by_name(name) if fits(hit.entry, view)), None)
    found: Sign | None = None
    if hit is not None:
        trust = rules.TRUST_NAME[hit.how]
        if hit.how == SUFFIX and is_general(hit.entry):
            trust = rules.TRUST_CATCH_ALL
        found = _sign(hit.entry, "name", view.name, trust * source)
        if _is_other_transport(hit.entry, view):
            found = found.scaled(rules.OTHER_TRANSPORT)
        if not is_general(hit.entry) or (hit.how > SUFFIX and not is_storage(hit.entry)):
            yield found
            return
    words = _of_words(view, _speaking_part(name, hit), source, catalog)
    if found is not None:
        if any(sign.purpose != found.purpose for sign in words):
            found = found.scaled(rules.YIELDING)
        elif not words:
            yield from _catch_all_hint(view, found)
        yield found
    yield from words


def is_general(entry: Entry) -> bool:
    """Tell whether a suffix stands for hosts of many kinds.

    Its purpose is then a carrier's, or one of several. Other suffixes, such as that of a time
    pool, speak for all names under them.
    """
    return bool(entry.also) or entry.purpose in GENERAL


def is_storage(entry: Entry) -> bool:
    """Tell whether an entry is storage for anybody, where the name of the bucket says what for."""
    return entry.purpose is Purpose.CLOUD_STORAGE and Purpose.FIRMWARE_DOWNLOAD in entry.also


def _speaking_part(name: str, hit: NameHit | None) -> list[str]:
    """Return the labels of a host in which words are looked for.

    Not those that the entry of its domain has spoken for, and of shared storage the bucket only.
    """
    labels = host_labels(name)
    if hit is None:
        return labels
    if is_storage(hit.entry):
        return labels[:1]
    return labels[: name.count(".") - hit.pattern.count(".") + 1]


def _of_words(view: FlowView, labels: list[str], source: float, catalog: Catalog) -> list[Sign]:
    """Return the strongest word for each purpose; a word further right counts for less.

    Words for an API give way to others: ``log-api`` is for logs.
    """
    best: dict[Purpose, Sign] = {}
    for hit in catalog.by_word(labels):
        if fits(hit.entry, view):
            weight = rules.TRUST_WORD * source * (1.0 if hit.place == 0 else 0.85)
            sign = _sign(hit.entry, "name", view.name, weight)
            if sign.purpose not in best or sign.weight > best[sign.purpose].weight:
                best[sign.purpose] = sign
    if len(best) > 1:
        best.pop(Purpose.CLOUD_API, None)
    return list(best.values())


def _is_other_transport(entry: Entry, view: FlowView) -> bool:
    seen = {usual.partition("/")[0] for usual in entry.usual}
    return bool(seen) and "any" not in seen and _transport(view) not in seen


def _transport(view: FlowView) -> str:
    return TRANSPORT.get(view.protocol, "")


def _catch_all_hint(view: FlowView, found: Sign) -> Iterator[Sign]:
    """Yield what the carrier adds where only the domain is known, among what it is known for."""
    service = view.dissection.service
    if service in WEB_SERVICES or (not service and view.protocol == Protocol.TCP):
        hint, value = Purpose.CLOUD_API, service or "tcp"
    elif not service and view.protocol == Protocol.UDP:
        hint, value = Purpose.P2P_RENDEZVOUS, "udp, unknown bytes"
    else:
        return
    if hint is found.purpose or hint in found.also:
        yield Sign(Evidence("behaviour", f"carried by {value}"), hint, (), rules.CATCH_ALL_SHAPE)


def _of_address(view: FlowView, catalog: Catalog) -> Iterator[Sign]:
    trust = rules.TRUST_ADDRESS
    if not view.dissection.service and not is_silent(view):
        trust *= rules.OTHER_BYTES
    for entry in catalog.by_address(view.destination):
        if fits(entry, view):
            yield _sign(entry, "address", view.destination, trust)


def _of_port(view: FlowView, catalog: Catalog) -> Iterator[Sign]:
    transport = _transport(view)
    port = service_port(view)
    for entry in catalog.by_port(transport, port):
        if entry.match.silent == is_silent(view) and fits(entry, view):
            value = f"{transport}/{port}"
            yield _sign(entry, "port", value, rules.TRUST_PORT)
            return


def _of_structure(view: FlowView, services: list[Sign]) -> Sign | None:
    """Return what the place and the protocol of the flow say, without a catalogue."""
    if view.protocol in ECHO:
        echo = ECHO[Protocol(view.protocol)]
        if view.orig_port in echo:
            return _plain("behaviour", "echo request", Purpose.CONNECTIVITY_CHECK, 0.85)
        if view.protocol == Protocol.ICMPV6 and view.orig_port in NEIGHBOURS:
            return _plain("behaviour", "IPv6 neighbour discovery", Purpose.DISCOVERY, 0.85)
        return None
    if view.protocol in TUNNELS:
        return _plain("behaviour", f"IP protocol {view.protocol}", Purpose.TUNNEL, 0.85)
    if view.protocol == Protocol.IGMP:
        return _plain("behaviour", "joins a multicast group", Purpose.DISCOVERY, 0.6)
    if view.scope in (Scope.MULTICAST, Scope.BROADCAST):
        if services:
            return None
        return _plain("behaviour", f"{view.scope} announcement", Purpose.DISCOVERY, 0.55)
    if is_inbound(view) and not any(sign.purpose in P2P_PROTOCOL for sign in services):
        value = f"opened from outside to port {view.resp_port}"
        return _plain("behaviour", value, Purpose.REMOTE_ACCESS, rules.INBOUND)
    return None


P2P_PROTOCOL = frozenset((Purpose.P2P_RENDEZVOUS, Purpose.DNS, Purpose.NTP))


def _plain(kind: str, value: str, purpose: Purpose, weight: float) -> Sign:
    return Sign(Evidence(kind, value), purpose, (), weight)


def weigh(signs: list[Sign]) -> Opinion:
    """Return what the signs say together; unknown where they are too weak."""
    missing: dict[Purpose, float] = {}
    for sign in signs:
        missing[sign.purpose] = missing.get(sign.purpose, 1.0) * (1.0 - sign.weight)
        for other in sign.also:
            missing[other] = missing.get(other, 1.0) * (1.0 - sign.weight * rules.ALSO)
    if not missing:
        return Opinion(Purpose.UNKNOWN, Confidence.NONE, (), frozenset())
    best = min(missing, key=missing.__getitem__)
    score = 1.0 - missing[best]
    ours = [sign for sign in signs if best is sign.purpose or best in sign.also]
    others = [sign for sign in signs if sign not in ours and sign.weight >= rules.LOW]
    confidence = _confidence(score)
    if any(sign.weight >= rules.RIVAL * score for sign in others):
        confidence = lowered(confidence)
    ours.sort(key=lambda sign: -sign.weight)
    others.sort(key=lambda sign: -sign.weight)
    evidence = tuple(sign.evidence for sign in (ours + others)[: rules.EVIDENCE])
    if score < rules.LOW:
        return Opinion(Purpose.UNKNOWN, Confidence.NONE, evidence, frozenset())
    also = frozenset(p for sign in ours for p in (sign.purpose, *sign.also)) - {best}
    return Opinion(best, confidence, evidence, also)


def _confidence(score: float) -> Confidence:
    if score >= rules.HIGH:
        return Confidence.HIGH
    return Confidence.MEDIUM if score >= rules.MEDIUM else Confidence.LOW


def lowered(confidence: Confidence) -> Confidence:
    """Return one step less, low at least."""
    return Confidence.MEDIUM if confidence is Confidence.HIGH else Confidence.LOW
