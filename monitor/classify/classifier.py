"""Decides what a flow is for, and says why."""

import dataclasses
from pathlib import Path

from monitor.classify import rules
from monitor.classify.behaviour import Rule, rules_for
from monitor.classify.context import Recent, is_company, is_vain
from monitor.classify.evidence import Opinion, gather, is_silent, weigh
from monitor.classify.gates import Gate, gate_of
from monitor.classify.index import Catalog
from monitor.classify.load import load_catalog
from monitor.model.facts import Dissection
from monitor.model.records import FlowView, Verdict
from monitor.model.words import Protocol, Purpose, Scope

_MEMOISED = (Protocol.TCP.value, Protocol.UDP.value)


@dataclasses.dataclass(slots=True, eq=False)
class Kind:
    """What is known of all flows of a kind, before sizes, times and company are looked at."""

    verdict: Verdict
    """The answer, unless a rule of behaviour changes it."""

    rules: tuple[Rule, ...]
    """Rules of behaviour that could change it; empty when the verdict is final."""

    opinion: Opinion
    dissection: Dissection
    """Held so that its identity, by which the kind is found, is not given to another."""

    protocol: int
    gate: Gate
    """What a flow must show for its rules to be asked."""

    asks_company: bool
    """Its rules look at what the camera did before, or elsewhere."""

    is_company: bool
    """The verdict is remembered as company of later flows."""

    is_vain: bool
    """Its flows are attempts of the camera that were not answered."""

    has_memory: bool = dataclasses.field(init=False)
    """What the camera did is looked at or remembered."""

    least_payload: int = dataclasses.field(init=False)
    least_s: float = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        self.has_memory = self.gate.friend or self.is_company or self.is_vain
        self.least_payload, self.least_s = self.gate.payload, self.gate.seconds


class Classifier:
    """Classifies flows. Bounded: remembers at most `memo_size` kinds of flow, then forgets all.

    Two ways lead to the same answers. `classify` takes a view. `kind`, `at_once` and `judge` take
    one flow in three steps, for a caller with many: most flows need no view.

    Args:
        catalog: The knowledge; or a folder with entries beside the shipped ones, None for none.
        memo_size: Kinds of flow to remember.

    Raises:
        ConfigError: An entry of the folder is refused.
    """

    def __init__(self, catalog: Catalog | Path | None = None, memo_size: int = 1 << 15) -> None:
        self.catalog = catalog if isinstance(catalog, Catalog) else load_catalog(catalog)
        self._memo: dict[object, Kind] = {}
        self._memo_size = memo_size
        self._recent = Recent()
        self._ports = self.catalog.ports
        self._addresses = self.catalog.addresses
        self._rules = {
            (purpose, silent): rules_for(purpose, silent=silent)
            for purpose in Purpose
            for silent in (False, True)
        }

    def classify(self, view: FlowView, camera: str = "", at_ns: int = 0) -> Verdict:
        """Return purpose, confidence and evidence of a flow.

        What does not depend on sizes, times and company is remembered by kind of flow; rules of
        behaviour are asked only where they can change the answer.

        Args:
            view: The flow.
            camera: Key of the camera, such as its address. With it, the classifier remembers what
                the camera did and fills the context of the view; without it, the view stands
                alone and the same view gives the same answer.
            at_ns: Start of the flow, ns since 1970-01-01 UTC.
        """
        # A slice is a plain tuple, which unpacks faster than twenty fields are read.
        (
            protocol, dissection, scope, initiated_by, orig_port, port, name, name_source,
            destination, outcome, _, _, orig_payload, resp_payload, orig_data, resp_data,
            seconds, _, is_ongoing, is_handshake,
        ) = view[:20]  # fmt: skip
        kind = self.kind(
            protocol, dissection, scope, initiated_by, orig_port, port, name, name_source,
            destination, outcome, is_handshake, not (orig_data or resp_data),
        )  # fmt: skip
        if camera and not is_ongoing:
            verdict = self.at_once(
                kind, camera, at_ns, destination, port, max(orig_payload, resp_payload), seconds
            )
            if verdict is not None:
                return verdict
        return self.judge(kind, view, camera, at_ns)

    def kind(  # noqa: PLR0913, PLR0917  # columns of a row; an object around them costs more than the rest
        self,
        protocol: int,
        dissection: Dissection,
        scope: Scope,
        initiated_by: str,
        orig_port: int,
        resp_port: int,
        name: str,
        name_source: str,
        destination: str,
        outcome: str,
        is_handshake: bool,
        is_silent: bool,
    ) -> Kind:
        """Return what is known of a kind of flow, thought out once.

        Flows that others open, and those that are neither TCP nor UDP, are few, and more of them
        is looked at: they are thought out each time. The arguments are fields of a `FlowView`,
        and whether no payload was seen.
        """
        key = None
        if initiated_by == "camera" and protocol in _MEMOISED:
            key = (
                id(dissection),
                name,
                name_source,
                protocol,
                resp_port if resp_port in self._ports else 0,
                scope,
                destination if destination in self._addresses else "",
                outcome,
                is_silent,
            )
            known = self._memo.get(key)
            if known is not None:
                return known
        view = FlowView(
            protocol,
            dissection,
            scope,
            initiated_by,
            orig_port,
            resp_port,
            name,
            name_source,
            destination,
            outcome,
            orig_data_pkts=0 if is_silent else 1,
            is_handshake=is_handshake,
        )
        kind = self._think(view)
        if key is not None:
            if len(self._memo) >= self._memo_size:
                self._memo.clear()
            self._memo[key] = kind
        return kind

    def at_once(
        self,
        kind: Kind,
        camera: str,
        at_ns: int,
        destination: str,
        resp_port: int,
        payload: int,
        seconds: float,
    ) -> Verdict | None:
        """Return the verdict of a flow where no rule can change that of its kind, and remember it.

        Args:
            kind: What `kind` gave for the flow.
            camera: Key of the camera; not empty.
            at_ns: Start of the flow, ns since 1970-01-01 UTC.
            destination: Address of the other side.
            resp_port: Port of the responder.
            payload: Payload bytes of the side that sent more.
            seconds: Duration; of a flow that goes on, infinity.

        Returns:
            None where rules must be asked, so that `judge` has to be called with a view.
        """
        if payload >= kind.least_payload or seconds >= kind.least_s:
            return None
        if kind.has_memory:
            recent = self._recent
            gate = kind.gate
            if gate.friend and recent.is_friend(camera, destination):
                return None
            if kind.is_vain:
                protocol = kind.protocol
                if gate.vain and recent.is_searching(
                    camera, destination, protocol, resp_port, at_ns
                ):
                    return None
                recent.note_vain(camera, destination, protocol, resp_port, at_ns)
            if kind.is_company:
                recent.note_company(camera, destination, at_ns, kind.verdict.purpose)
        return kind.verdict

    def judge(self, kind: Kind, view: FlowView, camera: str = "", at_ns: int = 0) -> Verdict:
        """Return the verdict of a flow of a kind, with its rules of behaviour asked.

        Args:
            kind: What `kind` gave for the flow.
            view: The flow.
            camera: As for `classify`.
            at_ns: As for `classify`.
        """
        verdict = kind.verdict
        if camera and kind.asks_company:
            view = self._recent.with_context(view, camera, at_ns)
        for rule in kind.rules:
            change = rule.ask(view, kind.opinion)
            if change is not None:
                evidence = (change.evidence, *verdict.evidence)[: rules.EVIDENCE]
                verdict = Verdict(change.purpose, change.confidence, evidence)
                break
        if camera:
            self._recent.note(view, camera, at_ns, verdict)
        return verdict

    def _think(self, view: FlowView) -> Kind:
        opinion = weigh(gather(view, self.catalog))
        verdict = Verdict(opinion.purpose, opinion.confidence, opinion.evidence)
        asked = self._rules[opinion.purpose, is_silent(view)]
        return Kind(
            verdict=verdict,
            rules=asked,
            opinion=opinion,
            dissection=view.dissection,
            protocol=view.protocol,
            gate=gate_of(asked, view),
            asks_company=any(rule.asks_company for rule in asked),
            is_company=is_company(verdict),
            is_vain=is_vain(view),
        )
