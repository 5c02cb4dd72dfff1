"""When a mirror is called degraded or blind: every number that decides, and what raising it does."""

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Limits of one interval. Shares are of 1.

    Raises:
        ValueError: A share is none, or a count is not above 0.
    """

    one_way_share: float = 0.5
    """TCP conversations of which one side only was seen, above which the mirror is called
    one-sided. Raising it lets a half-broken mirror pass; lowering it takes a few conversations that
    are routed past the mirror for a fault of all."""

    least_conversations: int = 1
    """Conversations that must go on before `one_way_share` is asked. Raising it makes small VLANs
    harder to judge; one is enough because one that goes on proves that the other side answered."""

    least_frames: int = 20
    """Frames to cameras, with none from any, that make a VLAN blind. Raising it waits for more."""

    tags_share: float = 0.1
    """TCP conversations whose sides are tagged differently, above which tags count as stripped one
    way. Raising it lets a mixed mirror pass, whose flows fall apart into halves."""

    copies_share: float = 0.25
    """Packets that came twice, above which the mirror is called doubled. Raising it hides a
    mirror that wastes its capacity; copies are counted once in any case."""

    least_sure: int = 8
    """Packets that can be told from copies before `copies_share` is asked."""

    loss_share: float = 0.01
    """Packets lost on the way into the sensor, above which coverage is degraded and no VLAN is
    called closed. Raising it lets more go unseen behind the word closed."""

    least_lost: int = 3
    """Lost segments before the mirror's loss is asked: one hole in a few packets is no share.
    Raising it lets small captures with holes pass."""

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if field.name.endswith("_share"):
                if not 0 <= value <= 1:
                    raise ValueError(f"{field.name}: {value}; want 0 to 1")
            elif value < 1:
                raise ValueError(f"{field.name}: {value}; want 1 at least")
