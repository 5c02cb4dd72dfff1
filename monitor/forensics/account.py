"""The account of one flow: why it was given its answer, step by step, as plain data."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from monitor.classify import rules
from monitor.classify.index import Catalog
from monitor.classify.load import load_catalog
from monitor.classify.show import entry_data
from monitor.data.restrictions import restrictions
from monitor.enrich.operators import Operators
from monitor.forensics.folder import RunFolder
from monitor.forensics.reckoning import Reckoning, changes, confidence_steps, reckon, split
from monitor.forensics.unknowns import unknowns
from monitor.model.clock import utc_text
from monitor.model.records import NOWHERE, Evidence, FlowRecord
from monitor.model.where import place_text
from monitor.model.words import NameSource, Purpose, Scope

NAME_SOURCES: Final = {
    NameSource.SNI: "the one who opened the flow named it in the clear in the hello of TLS, DTLS or "
    "QUIC (SNI)",
    NameSource.HTTP: "the one who opened the flow named it in the Host line of its HTTP request",
    NameSource.DNS: "a DNS answer to the camera gave this address for it; an address can serve "
    "other names too",
    NameSource.CERTIFICATE: "the certificate of the server bears it; a certificate can cover many "
    "hosts",
    NameSource.PAYLOAD: "the payload says it",
}
"""What each source of a name means."""

KINDS: Final = {
    "service": "the protocol, recognised from the bytes",
    "fact": "what the bytes say",
    "name": "the name of the destination",
    "address": "an address that its operator publishes",
    "port": "the port, a habit and no proof; no bytes that are known speak for more",
    "behaviour": "sizes, times or place, without any words",
}
"""What each kind of evidence is."""


def account(run: RunFolder, record: FlowRecord) -> dict[str, Any]:
    """Return why a flow was given its answer.

    The catalogue, rules and operators are those installed now; where they do not lead to the
    recorded answer, that is said.

    Args:
        run: The run that the flow is of.
        record: The flow.

    Returns:
        JSON-ready data; texts in it come from the wire and must be escaped before printing.

    Raises:
        ConfigError: The run used a catalogue directory that is now refused or gone.
    """
    catalog = load_catalog(_directory(run.manifest))
    reckoning = reckon(record, catalog)
    verdict = record.verdict
    return {
        "flow_id": record.flow_id,
        "community_id": record.community_id,
        "purpose": str(verdict.purpose),
        "confidence": str(verdict.confidence),
        "who": _who(record),
        "name": _name(record),
        "service": record.service or None,
        "evidence": [_evidence(one, catalog, reckoning) for one in verdict.evidence],
        "rule": _rule(record),
        "reckoning": _reckoning(reckoning),
        "place": _place(run, record),
        "would_change": [] if reckoning is None else changes(reckoning),
        "unknown": unknowns(record),
        "run": {
            "camwatch": run.manifest.get("camwatch"),
            "inputs": len(run.inputs),
            "losses": run.manifest.get("losses") or [],
            "assumed": run.manifest.get("assumed") or [],
        },
    }


def _directory(manifest: Mapping[str, Any]) -> Path | None:
    settings = manifest.get("settings")
    section = settings.get("catalog") if isinstance(settings, Mapping) else None
    directory = section.get("directory") if isinstance(section, Mapping) else None
    return Path(directory) if isinstance(directory, str) else None


def _who(record: FlowRecord) -> dict[str, Any]:
    camera, to = record.camera, record.destination
    is_ours = record.initiated_by == "camera"
    ours, theirs = (record.orig, record.resp) if is_ours else (record.resp, record.orig)
    return {
        "camera": {
            "ip": camera.ip,
            "mac": camera.mac or None,
            "maker": camera.maker or None,
            "brand": camera.brand or None,
            "kind": str(camera.kind),
            "restrictions": _listed(camera.maker, camera.brand),
        },
        "destination": {"ip": to.ip, "port": to.port},
        "initiated_by": record.initiated_by,
        "scope": str(record.scope),
        "protocol": record.protocol,
        "vlan": record.vlan,
        "start": utc_text(record.start_ns),
        "end": utc_text(record.end_ns),
        "duration_s": (record.end_ns - record.start_ns) / 1e9,
        "outcome": record.outcome,
        "sent": {"packets": ours.packets, "bytes": ours.bytes},
        "received": {"packets": theirs.packets, "bytes": theirs.bytes},
    }


def _listed(*names: str) -> list[dict[str, str]]:
    """Return the restriction lists that name one of some companies."""
    found = {one: None for name in names if name for one in restrictions(name)}
    return [
        {"list": one.rule, "names": one.maker, "since": one.since, "source": one.source}
        for one in found
    ]


def _name(record: FlowRecord) -> dict[str, Any] | None:
    to = record.destination
    if not to.name:
        return None
    known = {str(source): text for source, text in NAME_SOURCES.items()}
    how = known.get(to.name_source, "where it was learnt is not recorded")
    return {"name": to.name, "source": to.name_source or None, "how": how}


def _evidence(one: Evidence, catalog: Catalog, reckoning: Reckoning | None) -> dict[str, Any]:
    entry = catalog.entries.get(one.catalog)
    signs = [] if reckoning is None else [s for s in reckoning.signs if s.evidence == one]
    weight = max((sign.weight for sign in signs), default=None)
    return {
        "kind": one.kind,
        "kind_means": KINDS.get(one.kind, ""),
        "value": one.value,
        "catalog": one.catalog or None,
        "entry": None if entry is None else entry_data(entry),
        "is_entry_gone": bool(one.catalog) and entry is None,
        "weight": None if weight is None else round(weight, 3),
    }


def _rule(record: FlowRecord) -> dict[str, Any] | None:
    spoken = split(record)[0]
    if spoken is None:
        return None
    return {
        "id": spoken.rule.id,
        "text": spoken.rule.text,
        "threshold": spoken.threshold,
        "saw": record.verdict.evidence[0].value,
    }


def _reckoning(reckoning: Reckoning | None) -> dict[str, Any] | None:
    if reckoning is None:
        return None
    plain, has_rival = confidence_steps(reckoning)
    opinion = reckoning.opinion
    return {
        "signs_say": str(opinion.purpose),
        "score": round(reckoning.score, 3),
        "thresholds": {"high": rules.HIGH, "medium": rules.MEDIUM, "low": rules.LOW},
        "by_weight": str(plain),
        "has_rival": has_rival,
        "confidence": str(opinion.confidence),
        "others": [
            {"purpose": str(sign.purpose), "weight": round(sign.weight, 3), **_short(sign.evidence)}
            for sign in sorted(reckoning.signs, key=lambda sign: -sign.weight)
            if opinion.purpose is not Purpose.UNKNOWN
            and sign.purpose is not opinion.purpose
            and opinion.purpose not in sign.also
        ],
    }


def _short(evidence: Evidence) -> dict[str, Any]:
    return {"kind": evidence.kind, "value": evidence.value, "catalog": evidence.catalog or None}


def _place(run: RunFolder, record: FlowRecord) -> dict[str, Any] | None:
    to = record.destination
    if record.scope is not Scope.OUTSIDE:
        return None
    operators = Operators.load()
    found = operators.operator(to.name, to.ip, NOWHERE)
    companies = {company.name: company for company in operators.companies}
    company = companies.get(to.operator)
    hosting = operators.hosting(NOWHERE._replace(asn=to.asn, as_org=to.as_org))
    return {
        "operator": to.operator or None,
        "operator_country": to.operator_country or None,
        "operator_parent": (company.parent or None) if company else None,
        "operator_role": str(company.role) if company else None,
        "operator_source": company.source if company else None,
        "operator_because": [
            {"kind": one.kind, "value": one.value}
            for one in found.evidence
            if found.name == to.operator
        ],
        "text": place_text(
            [to.country] if to.country else [],
            [(hosting.name, hosting.country)] if hosting.name else [],
            to.operator,
            to.operator_country,
        ),
        "operator_restrictions": _listed(to.operator),
        "hosting": hosting.name or None,
        "hosting_country": hosting.country or None,
        "asn": to.asn or None,
        "as_org": to.as_org or None,
        "country": to.country or None,
        "databases": [
            {
                "kinds": list(database.get("kinds", ())),
                "type": database.get("type"),
                "date": database.get("date"),
            }
            for database in run.manifest.get("databases") or []
            if isinstance(database, Mapping)
        ],
    }
