"""Decides what a flow is for, and says why."""

from pathlib import Path
from typing import NamedTuple

from monitor.classify import rules
from monitor.classify.behaviour import Rule, rules_for
from monitor.classify.context import Recent
from monitor.classify.evidence import Opinion, gather, is_silent, weigh
from monitor.classify.index import Catalog
from monitor.classify.load import load_catalog
from monitor.model.facts import Dissection
from monitor.model.records import FlowView, Verdict
from monitor.model.words import Protocol, Purpose

_MEMOISED = (Protocol.TCP.value, Protocol.UDP.value)


class _Known(NamedTuple):
    dissection: Dissection
    """Held so that its identity, which stands in the key, is not given to another."""

    opinion: Opinion
    verdict: Verdict
    rules: tuple[Rule, ...]
    asks_company: bool


class Classifier:
    """Classifies flows. Bounded: remembers at most `memo_size` kinds of flow, then forgets all.

    Args:
        catalog: The knowledge; or a folder with entries beside the shipped ones, None for none.
        memo_size: Kinds of flow to remember.

    Raises:
        ConfigError: An entry of the folder is refused.
    """

    def __init__(self, catalog: Catalog | Path | None = None, memo_size: int = 1 << 15) -> None:
        self.catalog = catalog if isinstance(catalog, Catalog) else load_catalog(catalog)
        self._memo: dict[object, _Known] = {}
        self._memo_size = memo_size
        self._recent = Recent()
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
        known = self._known(view)
        verdict = known.verdict
        if known.rules:
            if camera and known.asks_company:
                view = self._recent.with_context(view, camera, at_ns)
            for rule in known.rules:
                change = rule.ask(view, known.opinion)
                if change is not None:
                    evidence = (change.evidence, *verdict.evidence)[: rules.EVIDENCE]
                    verdict = Verdict(change.purpose, change.confidence, evidence)
                    break
        if camera:
            self._recent.note(view, camera, at_ns, verdict)
        return verdict

    def _known(self, view: FlowView) -> _Known:
        """Return the opinion on a kind of flow, thought out once.

        Flows that others open, and those that are neither TCP nor UDP, are few, and more of them
        is looked at: they are thought out each time.
        """
        if view.initiated_by != "camera" or view.protocol not in _MEMOISED:
            return self._think(view)
        port, destination = view.resp_port, view.destination
        key = (
            id(view.dissection),
            view.name,
            view.name_source,
            view.protocol,
            port if port in self.catalog.ports else 0,
            view.scope,
            destination if destination in self.catalog.addresses else "",
            not (view.orig_data_pkts or view.resp_data_pkts),
        )
        known = self._memo.get(key)
        if known is None:
            if len(self._memo) >= self._memo_size:
                self._memo.clear()
            known = self._memo[key] = self._think(view)
        return known

    def _think(self, view: FlowView) -> _Known:
        opinion = weigh(gather(view, self.catalog))
        verdict = Verdict(opinion.purpose, opinion.confidence, opinion.evidence)
        asked = self._rules[opinion.purpose, is_silent(view)]
        asks_company = any(rule.asks_company for rule in asked)
        return _Known(view.dissection, opinion, verdict, asked, asks_company)
