"""What stands in flow ids is pinned here: they are stored, and must not change."""

from tests.support.flowscript import FlowRow, FlowScript
from tests.support.packets import START_NS, Packet, tcp, udp, words_of

CAMERA, CLOUD = "10.0.0.2", "203.0.113.5"
WORD = (1 << 64) - 1


def splitmix(value: int) -> int:
    """Return one step of splitmix64."""
    value = (value + 0x9E3779B97F4A7C15) & WORD
    value = ((value ^ value >> 30) * 0xBF58476D1CE4E5B9) & WORD
    value = ((value ^ value >> 27) * 0x94D049BB133111EB) & WORD
    return value ^ value >> 31


def record(packet: Packet, **settings: bool) -> FlowRow:
    script = FlowScript(**settings)
    script.at(0.0).sees(packet)
    for step in script.stage.finish():
        script._take(step)
    return script.ended[0]


def test_a_flow_id_is_a_chain_of_splitmix64() -> None:
    mixed = 0
    ports = 5000 | 32100 << 16 | 17 << 32 | 10 << 40
    for word in (*words_of(CAMERA), *words_of(CLOUD), ports, START_NS, 0):
        mixed = splitmix(mixed ^ word)
    assert record(udp(CAMERA, 5000, CLOUD, 32100, vlan=10))["flow_id"] == mixed


def test_a_flow_id_knows_the_vlan_only_where_the_key_does() -> None:
    one, two = udp(CAMERA, 1, CLOUD, 2, vlan=10), udp(CAMERA, 1, CLOUD, 2, vlan=20)
    assert record(one)["flow_id"] != record(two)["flow_id"]
    ids = [record(packet, use_vlan=False)["flow_id"] for packet in (one, two)]
    assert ids[0] == ids[1]


def test_a_conversation_has_the_ends_of_its_flow() -> None:
    script = FlowScript()
    script.at(0.0).sees(tcp(CLOUD, 443, CAMERA, 5000, 18, vlan=10, src_mac=7, dst_mac=8))
    script.at(0.1).sees(tcp(CAMERA, 5000, CLOUD, 443, 16, b"x", vlan=10, src_mac=8, dst_mac=7))
    for step in script.stage.finish():
        script._take(step)
    row, talk = script.ended[0], script.talk().columns
    assert {name: talk[name] for name in talk if name != "ts_ns"} == {
        name: row[name] for name in talk if name != "ts_ns"
    }
    assert (talk["orig_port"], talk["orig_mac"], talk["resp_mac"]) == (5000, 8, 7)
