"""The shipped rules: what is worth telling an operator, and what to do about it."""

from collections.abc import Callable
from typing import NamedTuple

from monitor.model.facts import Dissection
from monitor.model.records import Verdict
from monitor.model.words import Outcome, Purpose, Scope, Severity


class FlowKind(NamedTuple):
    """What rules look at: all that many flows share."""

    verdict: Verdict
    scope: Scope
    outcome: Outcome
    initiated_by: str
    """``camera`` or ``destination``."""

    dissection: Dissection


Test = Callable[[FlowKind], bool]


class Rule(NamedTuple):
    """One rule: a test on a flow, and the words for its finding."""

    id: str
    severity: Severity
    title: str
    explanation: str
    """What it means and what to do, for a network operator."""

    holds: Test


def _outside(kind: FlowKind) -> bool:
    return kind.scope is Scope.OUTSIDE


def _got_out(*purposes: Purpose) -> Test:
    wanted = frozenset(purposes)

    def holds(kind: FlowKind) -> bool:
        return (
            kind.verdict.purpose in wanted and _outside(kind) and kind.outcome == Outcome.ANSWERED
        )

    return holds


def _remote_access(kind: FlowKind) -> bool:
    return (
        _outside(kind)
        and kind.initiated_by == "destination"
        and kind.verdict.purpose is Purpose.REMOTE_ACCESS
        and kind.outcome == Outcome.ANSWERED
    )


def _credential(kind: FlowKind) -> bool:
    return _outside(kind) and any(
        fact.kind == "credential" and not _is_digest(fact.value) for fact in kind.dissection.facts
    )


def _is_digest(credential: str) -> bool:
    """Return whether a password was proven without being shown: Digest, WS-Security."""
    scheme = credential.partition(" ")[0]
    return "digest" in scheme or "wsse" in scheme


def _plain_update(kind: FlowKind) -> bool:
    return (
        _outside(kind)
        and kind.verdict.purpose in (Purpose.UPDATE_CHECK, Purpose.FIRMWARE_DOWNLOAD)
        and kind.dissection.service == "http"
    )


def _blocked(kind: FlowKind) -> bool:
    return _outside(kind) and kind.initiated_by == "camera" and kind.outcome != Outcome.ANSWERED


def _foreign_resolver(kind: FlowKind) -> bool:
    return _outside(kind) and kind.verdict.purpose is Purpose.DNS


RULES: tuple[Rule, ...] = (
    Rule(
        "media-leaving",
        Severity.HIGH,
        "Video or audio leaves the site",
        "Picture or sound went to a party outside. If nobody views this camera from outside, "
        "switch off its cloud or P2P function, or block the destination.",
        _got_out(Purpose.MEDIA_RELAY),
    ),
    Rule(
        "remote-access",
        Severity.HIGH,
        "Somebody outside reached the camera",
        "A party outside opened a connection to the camera and was answered. Look for port "
        "forwarding or UPnP on the router and close it.",
        _remote_access,
    ),
    Rule(
        "cleartext-credential",
        Severity.HIGH,
        "A user name and password crossed the network in clear text",
        "Anybody on the path can read them. Change the password and use an encrypted service.",
        _credential,
    ),
    Rule(
        "tunnel-opened",
        Severity.HIGH,
        "The camera opened a tunnel",
        "What goes through it cannot be seen. Find out who set it up, or block it.",
        _got_out(Purpose.TUNNEL),
    ),
    Rule(
        "scan",
        Severity.HIGH,
        "The camera probes other hosts",
        "Cameras have no reason to. Take it off the network and look at its firmware.",
        lambda kind: kind.verdict.purpose is Purpose.SCAN,
    ),
    Rule(
        "p2p-active",
        Severity.MEDIUM,
        "Cloud P2P is on",
        "The camera keeps a connection that makes it reachable from outside, past the firewall. "
        "Switch off the maker's P2P or cloud function in the camera.",
        _got_out(Purpose.P2P_RENDEZVOUS),
    ),
    Rule(
        "diagnostics-sent",
        Severity.MEDIUM,
        "Diagnostics go to the maker",
        "Statistics or logs left the site; what they hold is for the maker to say. Block these "
        "names: updates do not need them unless a name serves both.",
        _got_out(Purpose.DIAGNOSTICS),
    ),
    Rule(
        "plain-update",
        Severity.MEDIUM,
        "Firmware is looked for or fetched without encryption",
        "Somebody on the path could hand the camera another firmware. Update from a file that "
        "you checked, and block this.",
        _plain_update,
    ),
    Rule(
        "foreign-resolver",
        Severity.LOW,
        "The camera asks a resolver outside the site",
        "Names are looked up past your own resolver, and tell a third party what the camera "
        "does. Allow DNS to your own resolver only.",
        _foreign_resolver,
    ),
    Rule(
        "attempt-unanswered",
        Severity.INFO,
        "Attempts to reach the outside got no answer",
        "The camera tries, and something (your firewall, or a dead server) keeps it from "
        "getting through. The attempts show what it would do if it could.",
        _blocked,
    ),
)
