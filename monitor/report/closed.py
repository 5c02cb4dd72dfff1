"""Isolation, coverage and inventory in the summary for a terminal."""

from collections.abc import Iterator
from typing import Any

from rich.text import Text

from monitor.report.units import plural

MAX_VLANS = 8
"""VLANs whose verdict is printed; the others stand in the report."""

MAX_NAMES = 6

_STYLE = {"open": "red", "closed": "green", "cannot-tell": "yellow"}
_WORDS = {"open": "open", "closed": "closed", "cannot-tell": "cannot tell"}


def vlan_name(label: str) -> str:
    """Return a VLAN's label as a name."""
    return "untagged" if label == "untagged" else f"VLAN {label}"


def lines(report: dict[str, Any]) -> Iterator[Text]:
    """Yield one paragraph for each VLAN, and what the inventory says."""
    verdicts = report["isolation"]
    for label, one in list(verdicts.items())[:MAX_VLANS]:
        word = f"{vlan_name(label)}: {_WORDS[one['verdict']]}. "
        yield Text.assemble("\n", (word, _STYLE[one["verdict"]]), (one["sentence"], "dim"))
        if one["verdict"] == "cannot-tell":
            for text in one["because"]:
                yield Text(f"  because {text}", "yellow")
        for text in one["caveats"]:
            yield Text(f"  but {text}", "dim")
    if len(verdicts) > MAX_VLANS:
        left = plural(len(verdicts) - MAX_VLANS, "more VLAN")
        yield Text(f"\n… and {left} in the report.")
    inventory = report["inventory"]
    if inventory is not None:
        yield from _inventory(inventory)


def _inventory(inventory: dict[str, Any]) -> Iterator[Text]:
    seen = f"{inventory['seen']} of {plural(inventory['listed'], 'listed camera')} seen"
    yield Text(f"\nInventory: {seen}.")
    silent = [one["name"] for one in inventory["silent"]]
    if silent:
        yield Text(f"  silent: {_few(silent)}", "yellow")
    for one in inventory["changed"][:MAX_NAMES]:
        yield Text(f"  {one['name']}: {change_text(one)}", "yellow")
    if len(inventory["changed"]) > MAX_NAMES:
        yield Text(f"  … {len(inventory['changed']) - MAX_NAMES} more changed", "yellow")
    unlisted = [one["ip"] for one in inventory["unlisted"]]
    if unlisted:
        yield Text(f"  not listed: {_few(unlisted)}", "yellow")


def change_text(one: dict[str, Any]) -> str:
    """Say what is elsewhere than the inventory has it."""
    parts = {
        "address": f"moved from {one['ip']} to {', '.join(one['seen_ips'])}",
        "device": f"{one['ip']} is used by another device, {one['seen_mac']}",
        "vlan": f"seen in {', '.join(map(vlan_name, one['seen_vlans']))}, listed in VLAN "
        f"{one['vlan']}",
    }
    return "; ".join(parts[change] for change in one["changes"])


def _few(names: list[str]) -> str:
    more = f" +{len(names) - MAX_NAMES}" if len(names) > MAX_NAMES else ""
    return ", ".join(names[:MAX_NAMES]) + more
