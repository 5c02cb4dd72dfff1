"""Works the answer out again from the record, so that its weights can be shown."""

import dataclasses
import itertools

from monitor.classify.behaviour import rules_for
from monitor.classify.entry import WORD
from monitor.classify.evidence import Opinion, Sign, gather, weigh
from monitor.classify.index import Catalog
from monitor.classify.rules import ALSO, EVIDENCE, HIGH, MEDIUM
from monitor.forensics.behaviour_words import THRESHOLDS, Spoken, rule_of
from monitor.model.facts import Dissection, Fact
from monitor.model.records import Evidence, FlowRecord, FlowView
from monitor.model.words import Confidence, NameSource, Protocol, Purpose


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Reckoning:
    """How the signs add up."""

    opinion: Opinion
    """What the signs say without rules of behaviour."""

    signs: tuple[Sign, ...]
    rule: Spoken | None
    """The rule of behaviour that changed the opinion."""

    score: float
    """Weight of all signs for the opinion's purpose, 0 to 1."""


def reckon(record: FlowRecord, catalog: Catalog) -> Reckoning | None:
    """Return how the record's answer came about; None when it cannot be worked out again.

    A record holds the facts that became evidence and not all others, nor the sizes of payload;
    the answer found here is compared with the recorded one before it is believed.
    """
    rule, evidence = split(record)
    implied = _implied(record, evidence, catalog)
    tries = itertools.product(((), implied) if implied else ((),), (False, True), (True, False))
    for facts, is_silent, is_handshake in tries:
        view = _view(record, evidence, facts, is_silent=is_silent, is_handshake=is_handshake)
        signs = gather(view, catalog)
        opinion = weigh(signs)
        if not _is_same(opinion, evidence, is_cut=rule is not None):
            continue
        answer = (record.verdict.purpose, record.verdict.confidence)
        if rule is None and (opinion.purpose, opinion.confidence) != answer:
            continue
        if rule is not None and opinion.purpose not in rule.rule.when:
            continue
        return Reckoning(
            opinion=opinion,
            signs=tuple(signs),
            rule=rule,
            score=score_of(signs, opinion.purpose),
        )
    return None


def split(record: FlowRecord) -> tuple[Spoken | None, tuple[Evidence, ...]]:
    """Return the rule of behaviour that spoke last, and the evidence of the other signs."""
    evidence = record.verdict.evidence
    if evidence and evidence[0].kind == "behaviour" and not evidence[0].catalog:
        rule = rule_of(evidence[0].value)
        if rule is not None:
            return rule, evidence[1:]
    return None, evidence


def score_of(signs: list[Sign], purpose: Purpose) -> float:
    """Return the weight of all signs for a purpose together, as the classifier reckons it."""
    if purpose is Purpose.UNKNOWN:
        return 0.0
    rest = [sign for sign in signs if sign.purpose is purpose]
    also = [sign for sign in signs if purpose in sign.also]
    missing = 1.0
    for sign in rest:
        missing *= 1.0 - sign.weight
    for sign in also:
        missing *= 1.0 - sign.weight * ALSO
    return 1.0 - missing


def changes(reckoning: Reckoning) -> list[str]:
    """Return what would have given another answer, one line each."""
    found = []
    opinion, signs = reckoning.opinion, list(reckoning.signs)
    if reckoning.rule is not None:
        found.append(f"without what the rule {reckoning.rule.rule.id} saw: {_answer(opinion)}")
    for evidence in opinion.evidence[:3]:
        rest = [sign for sign in signs if sign.evidence != evidence]
        other = weigh(rest)
        if (other.purpose, other.confidence) != (opinion.purpose, opinion.confidence):
            found.append(f"without the {evidence.kind} {evidence.value}: {_answer(other)}")
    found.extend(
        f"{rule.text} (rule {rule.id}: {THRESHOLDS.get(rule.id, 'see docs/catalog.md')})"
        for rule in rules_for(opinion.purpose)
        if reckoning.rule is None or rule.id != reckoning.rule.rule.id
    )
    return found


def _answer(opinion: Opinion) -> str:
    if opinion.purpose is Purpose.UNKNOWN:
        return "unknown"
    return f"{opinion.purpose}, confidence {opinion.confidence}"


def _implied(
    record: FlowRecord, evidence: tuple[Evidence, ...], catalog: Catalog
) -> tuple[Fact, ...]:
    """Return facts that were there, since entries that ask for them as well became evidence."""
    found: dict[Fact, None] = {}
    named = {str(NameSource.SNI): "tls.sni", str(NameSource.HTTP): "http.host"}
    if record.destination.name_source in named:
        kind = named[record.destination.name_source]
        found[Fact(kind, record.destination.name)] = None
    for one in evidence:
        entry = catalog.entries.get(one.catalog)
        for kind, tests in () if entry is None else entry.match.fact:
            # Any value that passes will do: it is compared, not shown.
            found[Fact(kind, tests[0].removeprefix(WORD).replace("*", ""))] = None
    return tuple(found)


def _view(
    record: FlowRecord,
    evidence: tuple[Evidence, ...],
    implied: tuple[Fact, ...],
    *,
    is_silent: bool,
    is_handshake: bool,
) -> FlowView:
    facts = []
    for one in evidence:
        kind, is_fact, value = one.value.partition("=")
        if one.kind == "fact" and is_fact:
            facts.append(Fact(kind, value))
    kinds = {fact.kind for fact in facts}
    facts += [fact for fact in implied if fact.kind not in kinds]
    name = record.protocol.upper()
    protocol = Protocol[name].value if name in Protocol.__members__ else int(record.protocol)
    to = record.destination
    return FlowView(
        protocol,
        dissection=Dissection(record.service, tuple(facts)),
        scope=record.scope,
        initiated_by=record.initiated_by,
        orig_port=record.orig.port,
        resp_port=record.resp.port,
        name=to.name,
        name_source=to.name_source,
        destination=to.ip,
        outcome=record.outcome,
        orig_pkts=record.orig.packets,
        resp_pkts=record.resp.packets,
        orig_data_pkts=0 if is_silent else min(record.orig.packets, 1),
        resp_data_pkts=0 if is_silent else min(record.resp.packets, 1),
        is_handshake=is_handshake,
    )


def _is_same(opinion: Opinion, evidence: tuple[Evidence, ...], *, is_cut: bool) -> bool:
    """Compare evidence; a rule that spoke took the place of the last piece where there were many."""
    # Pieces of equal weight stand in the order of all facts, which the record does not hold.
    if sorted(opinion.evidence) == sorted(evidence):
        return True
    return is_cut and len(evidence) == EVIDENCE - 1 and opinion.evidence[: EVIDENCE - 1] == evidence


def confidence_steps(reckoning: Reckoning) -> tuple[Confidence, bool]:
    """Return the confidence that the weight alone gives, and whether a rival took a step away."""
    score = reckoning.score
    if reckoning.opinion.purpose is Purpose.UNKNOWN:
        return Confidence.NONE, False
    plain = Confidence.LOW
    if score >= HIGH:
        plain = Confidence.HIGH
    elif score >= MEDIUM:
        plain = Confidence.MEDIUM
    return plain, plain is not reckoning.opinion.confidence
