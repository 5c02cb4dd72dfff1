"""The page docs/devices.md: how identity is decided, and by which signs."""

import re
from collections.abc import Iterable, Iterator

from monitor.data import data_path
from monitor.data.yaml_file import load_document
from monitor.enrich.contacts import NAMES_FILE, Contacts, read_weights
from monitor.enrich.identity import Thresholds, read_thresholds
from monitor.enrich.interfaces import ROUTER_ADDRESSES
from monitor.enrich.makers import OWN_LABEL, Claim, Makers, Name
from monitor.enrich.rules import SIGNALS_FILE, Rule, Rules
from monitor.enrich.signs import MAX_DEVICES, MAX_SIGNALS

_HEAD = f"""# Devices and their makers

For every address that sends packets camwatch says which device is behind it: the *maker on the
wire* (who built it), the *brand on the label* (where something says it), model and firmware, and
whether it is a camera, a recorder or something else. `unknown` is an answer: signs that are weak
or contradict each other name nobody. All signs are kept with the answer, those against it too.

This page is made from `monitor/data/makers.yaml`, `signals.yaml` and `signals_names.yaml` by
`python docs/generate.py`; do not edit it.

## Which addresses are one device

- Addresses of one MAC are one device: a camera that gets another address stays itself, and its
  IPv6 addresses share what is known of it.
- A MAC that sends packets of outside addresses, or stands for {ROUTER_ADDRESSES} IPv4 addresses
  of the site, is a router's. It says nothing of the devices behind it; for these the MAC that DHCP
  gave the address to counts, or the one that an IPv6 address was made of (EUI-64), else only what
  the device itself says.
- Locally administered (randomised) MACs name no maker, and neither do module makers' prefixes.
- Where an address moved from one device to another, what both said at that address counts, so
  that two makers leave it unknown.
- `0.0.0.0` is no device: what is said from there belongs to the MAC.
- {MAX_DEVICES} pairs of address and MAC are kept, and of each the {MAX_SIGNALS} strongest signs.

## How an answer is made

Each sign speaks for a maker, a brand or a kind with a weight from 0 to 1. Of one sort of sign the
strongest counts; sorts combine as 1 - (1 - a)(1 - b). The order in which signs come does not
matter. A brand speaks for its maker too: wholly where it is the maker's own, in part where a
reseller buys from one maker, not at all where it buys from several. So a label never outvotes the
bytes: a camera that answers Dahua's discovery with the label Lorex was made by Dahua.

Names and peer-to-peer protocols are shared by cameras and the apps of their owners. They weigh
little, and never name the maker of what is not a camera. Peer-to-peer families (PPPP, TUTK) and
platforms (Tuya, Danale) are no makers.

A text that names a maker says with {OWN_LABEL:g} of its weight that the maker is the label too.
"""


def devices_page() -> str:
    """Return the page as Markdown."""
    makers = Makers.load(Thresholds.load().weights)
    rules, contacts = Rules.load(makers), Contacts.load(makers)
    return (
        "\n".join([_HEAD, *_numbers(), *_makers(makers), *_signs(rules), *_names(contacts)]) + "\n"
    )


def _numbers() -> Iterator[str]:
    yield from _table("Numbers that decide", ("number", "value", "meaning", "source"))
    for one in read_thresholds(data_path(SIGNALS_FILE)):
        yield _row(one.name, f"{one.value:g}", one.about, one.source)
    yield from _table("Weights of names", ("sort of name", "maker", "camera", "meaning"))
    path = data_path(NAMES_FILE)
    for weight in read_weights(path, load_document(path)).values():
        yield _row(weight.name, f"{weight.maker:g}", f"{weight.kind:g}", weight.about)


def _makers(makers: Makers) -> Iterator[str]:
    yield from _table("Makers", ("maker", "makes", "prefixes of", "named by", "source"))
    for one in makers.names:
        if not one.is_brand:
            yield _row(one.name, one.makes, _prefixes(one), _words(one), one.source)
    columns = ("brand", "made by", "how sure", "prefixes of", "named by", "source")
    yield from _table("Brands", columns)
    for one in makers.names:
        if one.is_brand:
            sure = one.sure if one.maker else ""
            maker = one.maker or "several"
            yield _row(one.name, maker, sure, _prefixes(one), _words(one), one.source)
    yield from _table("Prefixes of what is no camera", ("prefixes of", "says", "source"))
    for patterns, claims in makers.others:
        yield _row(_patterns(patterns), _claims(claims), claims[0].source)
    yield from _table("Model names", ("text", "says", "source"))
    for pattern, claims in makers.models:
        yield _row(_code(pattern.pattern), _claims(claims), claims[0].source)


def _signs(rules: Rules) -> Iterator[str]:
    yield from _table("Signs", ("fact", "condition", "of the", "says", "source"))
    for rule in rules.rules:
        says = _claims(rule.says) + rule.beside.replace(" if ", ", beside signs of a ")
        yield _row(f"`{rule.fact}`", _condition(rule), rule.who, says, rule.source)


def _names(contacts: Contacts) -> Iterator[str]:
    yield from _table("Names of hosts", ("names", "sort", "says", "source"))
    for rule in contacts.rules:
        names = ", ".join(f"`{name}`" for name in rule.patterns)
        yield _row(names, rule.side, _claims(rule.says), rule.source)


def _condition(rule: Rule) -> str:
    parts = [_code(rule.match.pattern)] if rule.match else []
    parts += [f"with `{kind}` {_code(pattern.pattern)}" for kind, pattern in rule.having]
    parts += [f"without `{kind}` {_code(pattern.pattern)}" for kind, pattern in rule.lacking]
    if rule.is_first:
        parts.append("the first one")
    if rule.asked:
        parts.append(f"asked by `{rule.asked[0]}` {_code(rule.asked[1].pattern)}")
    return ", ".join(parts)


def _prefixes(one: Name) -> str:
    return _patterns(one.organisations)


def _patterns(patterns: Iterable[re.Pattern[str]]) -> str:
    return ", ".join(_code(pattern.pattern) for pattern in patterns)


def _words(one: Name) -> str:
    return ", ".join(
        f"`{word[1:]}` alone" if word.startswith("=") else f"`{word}`" for word in one.words
    )


def _claims(claims: Iterable[Claim]) -> str:
    return ", ".join(f"{claim.says} {claim.weight:.2g}" for claim in claims)


def _code(pattern: str) -> str:
    return f"`{pattern}`"


def _table(title: str, columns: tuple[str, ...]) -> Iterator[str]:
    yield f"\n## {title}\n"
    yield "| " + " | ".join(columns) + " |"
    yield "|" + "---|" * len(columns)


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
