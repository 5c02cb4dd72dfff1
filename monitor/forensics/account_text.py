"""The account of a flow in plain words, with everything from the wire escaped."""

from collections.abc import Iterator
from typing import Any, Final

from monitor.forensics.shown import shown
from monitor.report.units import bytes_text, plural, span_text

_OUTCOMES: Final = {
    "answered": "it was answered",
    "unanswered": "no answer was seen",
    "refused": "it was refused, by a reset or an ICMP error",
}
_SCOPES: Final = {
    "outside": "outside the site",
    "site": "inside the site",
    "multicast": "a multicast group",
    "broadcast": "everybody in the network",
}


def lines(told: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of an account (see `account.account`)."""
    yield f"Flow {told['flow_id']}  (Community ID {told['community_id']})"
    yield f"Answer: {told['purpose']}, confidence {told['confidence']}"
    for title, part in (
        ("Who spoke to whom", _who(told["who"])),
        ("What the bytes showed", _bytes(told)),
        ("Where the name came from", _name(told)),
        ("What speaks for the answer", _evidence(told)),
        ("How sure, and why", _reckoning(told)),
        ("Who runs it, and where", _place(told["place"])),
        ("What would change the answer", _changes(told)),
        ("What is not known", iter(told["unknown"])),
        ("The run", _run(told["run"])),
    ):
        yield ""
        yield f"{title}:"
        for line in part:
            yield f"  {line}"


def _who(who: dict[str, Any]) -> Iterator[str]:
    camera, to = who["camera"], who["destination"]
    named = [text for text in (camera["brand"], camera["maker"]) if text]
    maker = ", made by ".join(dict.fromkeys(shown(text) for text in named)) or "maker unknown"
    mac = f", MAC {camera['mac']}" if camera["mac"] else ""
    yield f"camera {camera['ip']} ({maker}{mac})"
    yield from _listed(camera["restrictions"])
    port = f" port {to['port']}" if who["protocol"] in ("tcp", "udp", "sctp") else ""
    yield f"destination {to['ip']}{port}, {_SCOPES[who['scope']]}"
    opener = "the camera" if who["initiated_by"] == "camera" else "the other side"
    vlan = "" if who["vlan"] is None else f", VLAN {who['vlan']}"
    outcome = _OUTCOMES[who["outcome"]]
    if who["outcome"] == "answered" and not who["received"]["packets"]:
        outcome += ", which the camera's acknowledgement shows: the capture lacks the answer itself"
    yield f"over {who['protocol']}{vlan}; {opener} spoke first; {outcome}"
    yield f"from {who['start']} to {who['end']} ({span_text(who['duration_s'])})"
    yield (
        f"the camera sent {_amount(who['sent'])} and received {_amount(who['received'])} on the wire"
    )


def _amount(side: dict[str, int]) -> str:
    return f"{plural(side['packets'], 'packet')}, {bytes_text(side['bytes'])}"


def _bytes(told: dict[str, Any]) -> Iterator[str]:
    if told["service"]:
        yield f"the protocol {shown(told['service'])}, recognised from payload and not from the port"
    else:
        yield "no protocol that is recognised: no payload, or unknown bytes"
    for one in told["evidence"]:
        if one["kind"] == "fact":
            yield shown(one["value"])


def _name(told: dict[str, Any]) -> Iterator[str]:
    name = told["name"]
    if name is None:
        yield "no name is known for the destination"
    else:
        source = f" ({name['source']})" if name["source"] else ""
        yield f"{shown(name['name'])}{source}: {name['how']}"


def _evidence(told: dict[str, Any]) -> Iterator[str]:
    rule = told["rule"]
    if not told["evidence"]:
        yield "nothing"
    for number, one in enumerate(told["evidence"]):
        if rule is not None and number == 0:
            yield f"behaviour: {shown(rule['saw'])}"
            yield f"    rule {rule['id']}: {rule['text']}"
            yield f"    its threshold: {rule['threshold']}"
            continue
        weight = f"  (weight {one['weight']:.2f})" if one["weight"] is not None else ""
        yield f"{one['kind']}: {shown(one['value'])}{weight}"
        if one["kind_means"]:
            yield f"    {one['kind_means']}"
        yield from _entry(one)


def _entry(one: dict[str, Any]) -> Iterator[str]:
    entry = one["entry"]
    if one["is_entry_gone"]:
        yield f"    entry {shown(one['catalog'])}: not in the catalogue of this version any more"
    if entry is None:
        return
    also = f" (also {', '.join(entry['also'])})" if entry["also"] else ""
    yield f"    entry {entry['id']}: {entry['purpose']}{also}, confidence {entry['confidence']}"
    yield f"    it says: {shown(entry['about'])}"
    yield f"    source: {shown('; '.join(entry['source']))} (looked at {entry['seen']})"


def _reckoning(told: dict[str, Any]) -> Iterator[str]:
    reckoned, rule = told["reckoning"], told["rule"]
    if reckoned is None:
        yield "the weights cannot be worked out again from the record: the catalogue or the rules"
        yield "changed since the replay, or it rests on facts that the record does not hold"
        return
    edges = reckoned["thresholds"]
    if reckoned["signs_say"] == "unknown":
        yield f"no purpose reaches {edges['low']:.2f}, the least weight for an answer"
    else:
        yield (
            f"all signs for {reckoned['signs_say']} weigh {reckoned['score']:.2f} together; high "
            f"begins at {edges['high']:.2f}, medium at {edges['medium']:.2f}, low at {edges['low']:.2f}"
        )
    for other in reckoned["others"][:3]:
        entry = f" [{other['catalog']}]" if other["catalog"] else ""
        yield (
            f"against it, for {other['purpose']}: {other['kind']} {shown(other['value'])}{entry} "
            f"(weight {other['weight']:.2f})"
        )
    if reckoned["has_rival"]:
        yield f"what speaks against it takes one step away: {reckoned['confidence']}"
    if rule is not None:
        yield f"the rule {rule['id']} then made it {told['purpose']}, {told['confidence']}"


def _place(place: dict[str, Any] | None) -> Iterator[str]:
    if place is None:
        yield "inside the site: countries and operators are asked for destinations outside only"
        return
    if place["text"]:
        yield shown(place["text"])
    yield from _operator(place)
    network = shown(place["as_org"] or "") or "unknown"
    number = f" (AS{place['asn']})" if place["asn"] else ""
    home = f", at home in {place['hosting_country']}" if place["hosting_country"] else ""
    yield f"network that the address is in: {network}{number}{home}"
    country = place["country"] or "unknown, or announced from many"
    yield f"country of the address block: {country}"
    for database in place["databases"]:
        kinds = " and ".join(database["kinds"])
        yield f"    database of {kinds}: {shown(str(database['type']))}, of {database['date']}"


def _operator(place: dict[str, Any]) -> Iterator[str]:
    if not place["operator"]:
        yield "operator of the service: unknown"
        return
    home = f", at home in {place['operator_country']}" if place["operator_country"] else ""
    parent = f", part of {shown(place['operator_parent'])}" if place["operator_parent"] else ""
    yield f"operator of the service: {shown(place['operator'])}{home}{parent}"
    if place["operator_role"] == "platform":
        yield "    a platform: who rents it is not known"
    for one in place["operator_because"]:
        yield f"    because of the {one['kind']} {shown(one['value'])}"
    if not place["operator_because"]:
        yield "    because of names in the server's certificate, or by data of another version"
    if place["operator_source"]:
        yield f"    source: {shown(place['operator_source'])}"
    yield from _listed(place["operator_restrictions"])


def _listed(items: list[dict[str, str]]) -> Iterator[str]:
    for one in items:
        yield f"    {one['list']} names {one['names']} since {one['since']}"
        yield f"        source: {one['source']}"


def _changes(told: dict[str, Any]) -> Iterator[str]:
    if told["reckoning"] is not None and not told["would_change"]:
        yield "no single sign: without any one of them the others give the same answer"
    yield from (shown(line) for line in told["would_change"])
    yield "an entry of your own in the directory of the setting catalog.directory"


def _run(run: dict[str, Any]) -> Iterator[str]:
    yield f"camwatch {shown(str(run['camwatch']))}, {plural(run['inputs'], 'capture')}"
    for text in run["assumed"]:
        yield f"assumed: {shown(str(text))}"
    for text in run["losses"]:
        yield f"lost: {shown(str(text))}"
    if not run["losses"]:
        yield "lost: nothing; every frame is accounted for"
