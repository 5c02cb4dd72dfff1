"""What a run, or a span of a live sensor, says at its end: coverage, isolation, inventory."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from monitor.coverage.account import Account
from monitor.coverage.cameras import compare
from monitor.coverage.isolation import Attempts, Isolation, IsolationTally, cover_of, isolation
from monitor.coverage.judge import Kind, Reason, State
from monitor.coverage.parts import Station, vlan_label
from monitor.coverage.thresholds import Thresholds
from monitor.model.inventory import Inventory


class Conclusion(NamedTuple):
    """Plain data, as it stands in reports, manifests and the status of a sensor."""

    coverage: dict[str, Any]
    isolation: dict[str, Any]
    """By VLAN label."""

    inventory: dict[str, Any] | None
    """None without an inventory."""


def conclude(
    account: Account,
    tally: IsolationTally,
    inventory: Inventory,
    *,
    is_named: bool,
    is_camera: Callable[[Station], bool],
    faults: Sequence[Reason] = (),
) -> Conclusion:
    """Conclude.

    Args:
        account: Coverage of the time in question.
        tally: Flows of the same time.
        inventory: The list; empty: none.
        is_named: Whether cameras were named, by networks or inventory; else every address of the
            site counts, and is called an address.
        is_camera: Whether a station that is not listed ought to be.
        faults: Reasons that hold for every VLAN.
    """
    verdicts = isolations(account, tally, is_named=is_named, faults=faults)
    told = None
    if len(inventory):
        told = compare(inventory, account.stations, is_camera).as_dict(inventory.source)
    return Conclusion(
        account.as_dict(),
        {vlan_label(one.vlan): one.as_dict() for one in verdicts},
        told,
    )


def isolations(
    account: Account, tally: IsolationTally, *, is_named: bool, faults: Sequence[Reason] = ()
) -> list[Isolation]:
    """Return the verdict on each VLAN with cameras, by id."""
    vlans = sorted(account.vlans.keys() | tally.vlans.keys(), key=lambda v: -1 if v is None else v)
    whom = "camera" if is_named else "address"
    return [
        isolation(
            vlan,
            tally.vlans.get(vlan, Attempts()),
            cover_of(account, vlan, tuple(faults)),
            whom=whom,
        )
        for vlan in vlans
    ]


def reading_faults(
    cut: Sequence[str], frames: int, undecoded: int, limits: Thresholds | None = None
) -> list[Reason]:
    """Return why what was read may not be all.

    Args:
        cut: One line for each input that could not be read to its end.
        frames: Frames that were read.
        undecoded: Of these the ones whose decoding failed.
        limits: The limits; the defaults where left out.
    """
    found = [Reason(Kind.CAPTURE_LOSS, text, State.DEGRADED, breaks_claim=True) for text in cut]
    if undecoded > (limits or Thresholds()).loss_share * frames:
        text = f"{undecoded} of {frames} frames could not be decoded"
        found.append(Reason(Kind.UNDECODED, text, State.DEGRADED, breaks_claim=True))
    return found
