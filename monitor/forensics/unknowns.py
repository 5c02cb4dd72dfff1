"""What a flow's record cannot tell: said plainly, so that nobody reads it into it."""

from typing import Final

from monitor.model.records import FlowRecord
from monitor.model.words import Confidence, Protocol, Purpose, Scope

ENCRYPTED: Final = frozenset(("tls", "quic", "dtls", "ssh", "wireguard", "openvpn", "ike"))
"""Services whose content is sealed, as they are named in records."""


def unknowns(record: FlowRecord) -> list[str]:
    """Return what is not known of a flow, one sentence each."""
    found = []
    if record.service in ENCRYPTED:
        found.append(
            "what it carries: the content is encrypted; names, sizes and times are all there is"
        )
    elif not record.service and record.protocol in ("tcp", "udp"):
        found.append(
            "which protocol it is: no payload was seen, or none that is recognised; "
            "the port is not believed"
        )
    found += _of_destination(record)
    if not record.camera.maker:
        found.append("who made the camera: no sign of it was strong enough")
    if record.outcome == "unanswered":
        found.append(
            "why there was no answer: the capture shows neither a refusal nor what happened beyond "
            "the mirror port"
        )
    if record.verdict.purpose is Purpose.UNKNOWN:
        found.append("what it is for: no sign was strong enough, and no rule of behaviour fits")
    elif record.verdict.confidence is Confidence.LOW:
        found.append("whether this purpose is right: confidence is low, and other readings fit")
    known = {protocol.name.lower() for protocol in Protocol}
    if record.protocol not in known:
        found.append(f"what IP protocol {record.protocol} is used for here")
    return found


def _of_destination(record: FlowRecord) -> list[str]:
    to = record.destination
    if record.scope is not Scope.OUTSIDE:
        return []
    found = []
    if not to.name:
        found.append(
            "the name of the destination: nobody said it in the clear, and no DNS answer to the "
            "camera with this address was captured before"
        )
    if not to.operator:
        found.append("which company operates the service")
    elif not to.operator_country:
        found.append("where the operator is at home: sources differ, or none says it")
    if not to.country:
        found.append(
            "the country of the address block: not in the database, or announced from many"
        )
    return [*found, "where the server itself stands: databases know who holds an address block"]
