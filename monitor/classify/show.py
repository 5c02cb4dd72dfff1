"""Entries and their conditions as plain data and text, for the command line and the API."""

from typing import Any

from monitor.classify.entry import Entry, Match
from monitor.classify.evidence import gather, weigh
from monitor.classify.index import Catalog
from monitor.classify.names import host_labels
from monitor.model.records import FlowView
from monitor.model.words import NameSource, Protocol


def condition_text(match: Match) -> str:
    """Return the conditions of an entry in one line."""
    parts = [", ".join(match.name)] if match.name else []
    if match.word:
        parts.append(f"word {', '.join(match.word)}")
    if match.service:
        parts.append(f"service {', '.join(match.service)}")
    parts.extend(f"{kind} is {' or '.join(tests)}" for kind, tests in match.fact)
    if match.address:
        parts.append(f"address {', '.join(match.address)}")
    if match.port:
        ports = ", ".join(str(low) if low == high else f"{low}-{high}" for low, high in match.port)
        parts.append(f"{match.transport or 'tcp or udp'} port {ports}")
    elif match.transport:
        parts.append(match.transport)
    if match.scope:
        parts.append(f"to {' or '.join(match.scope)}")
    if match.initiated_by:
        parts.append(f"opened by the {match.initiated_by}")
    if match.silent:
        parts.append("no payload seen")
    return "; ".join(parts)


def entry_data(entry: Entry) -> dict[str, Any]:
    """Return an entry as JSON-ready data."""
    return {
        "id": entry.id,
        "maker": entry.maker,
        "match": condition_text(entry.match),
        "usual": list(entry.usual),
        "purpose": str(entry.purpose),
        "also": [str(purpose) for purpose in entry.also],
        "confidence": str(entry.confidence),
        "side": entry.side,
        "about": entry.about,
        "source": list(entry.source),
        "seen": entry.seen,
        "file": entry.file,
    }


def show(catalog: Catalog, text: str = "") -> list[dict[str, Any]]:
    """Return the entries whose id, maker, match or meaning holds `text`, without regard to case."""
    wanted = text.casefold()
    found = []
    for entry in catalog.entries.values():
        data = entry_data(entry)
        haystack = " ".join((entry.id, entry.maker, data["match"], entry.about)).casefold()
        if wanted in haystack:
            found.append(data)
    return found


def explain(catalog: Catalog, name_or_address: str) -> dict[str, Any]:
    """Return what the catalogue says of a name or an address alone, and every entry that fits.

    The answer is for TCP 443 with unknown bytes, and for UDP: what a flow shows besides can
    change it.
    """
    text = name_or_address.strip().lower().rstrip(".")
    is_address = ":" in text or text.replace(".", "").isdigit()
    answers = {}
    for transport, protocol in (("tcp", Protocol.TCP), ("udp", Protocol.UDP)):
        view = FlowView(
            protocol,
            resp_port=443 if protocol is Protocol.TCP else 53 if is_address else 0,
            name="" if is_address else text,
            name_source="" if is_address else NameSource.DNS,
            destination=text if is_address else "",
            orig_data_pkts=1,
        )
        opinion = weigh(gather(view, catalog))
        answers[transport] = {
            "purpose": str(opinion.purpose),
            "confidence": str(opinion.confidence),
            "evidence": [evidence._asdict() for evidence in opinion.evidence],
        }
    if is_address:
        fitting = [(entry, "address") for entry in catalog.by_address(text)]
    else:
        fitting = [(hit.entry, f"name {hit.pattern}") for hit in catalog.by_name(text)]
        fitting += [(hit.entry, f"word {hit.word}") for hit in catalog.by_word(host_labels(text))]
    entries = [{**entry_data(entry), "because": because} for entry, because in fitting]
    host = ".".join(host_labels(text)) if not is_address else ""
    return {"asked": text, "host": host, "answers": answers, "entries": entries}
