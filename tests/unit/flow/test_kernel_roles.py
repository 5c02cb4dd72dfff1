import pytest

from tests.support.flowscript import FlowScript, flow
from tests.support.packets import ACK, FIN, RST, SYN, Packet, tcp, udp

CAMERA, CLOUD = "10.0.0.2", "203.0.113.5"
UNANSWERED, ANSWERED, REFUSED = range(3)


def script_of(*packets: Packet) -> FlowScript:
    script = FlowScript()
    for i, packet in enumerate(packets):
        script.at(i * 0.1).sees(packet)
    return script


@pytest.mark.parametrize(
    ("server_port", "client_port", "is_flipped"),
    [
        (443, 40000, True),
        (1023, 1024, True),
        (443, 1023, False),
        (1024, 40000, False),
        (443, 443, False),
        (8080, 80, False),
        (800, 2049, False),
    ],
)
def test_tcp_seen_from_the_middle_is_the_clients_when_a_server_port_speaks_first(
    server_port: int, client_port: int, is_flipped: bool
) -> None:
    ends = (CAMERA, CLOUD) if is_flipped else (CLOUD, CAMERA)
    ports = (client_port, server_port) if is_flipped else (server_port, client_port)
    script_of(tcp(CLOUD, server_port, CAMERA, client_port, ACK, 7)).finishes(
        flow(*ends, orig_port=ports[0], resp_port=ports[1], is_flipped=is_flipped)
    ).nothing_else()


@pytest.mark.parametrize("flags", [ACK, ACK | FIN, SYN])
def test_a_client_never_loses_its_role_by_speaking_first(flags: int) -> None:
    script_of(tcp(CAMERA, 1024, CLOUD, 443, flags)).finishes(
        flow(CAMERA, CLOUD, is_flipped=False)
    ).nothing_else()


def test_a_syn_from_a_server_port_is_its_senders_own_word() -> None:
    script_of(tcp(CLOUD, 20, CAMERA, 40000, SYN)).finishes(
        flow(CLOUD, CAMERA, orig_port=20, is_flipped=False)
    ).nothing_else()


def test_bytes_payload_and_hardware_addresses_go_to_the_sides_that_sent_them() -> None:
    answer = tcp(CLOUD, 443, CAMERA, 40000, ACK, b"server", src_mac=0xB, dst_mac=0xA)
    request = tcp(CAMERA, 40000, CLOUD, 443, ACK, b"me", src_mac=0xA, dst_mac=0xC)
    script = script_of(answer, request)
    script.finishes(
        flow(
            CAMERA,
            CLOUD,
            orig_pkts=1,
            resp_pkts=1,
            orig_payload=2,
            resp_payload=6,
            orig_mac=0xA,
            resp_mac=0xB,
            outcome=ANSWERED,
            is_handshake=False,
        )
    )
    talk = script.talk()
    assert (talk.orig, talk.resp) == ((b"me",), (b"server",))


def test_a_reset_seen_alone_refuses_nothing() -> None:
    script_of(tcp(CLOUD, 443, CAMERA, 40000, RST)).finishes(
        flow(CAMERA, CLOUD, orig_pkts=0, resp_pkts=1, outcome=UNANSWERED, refused_by=0)
    ).nothing_else()


@pytest.mark.parametrize(
    ("src_port", "dst_port", "is_flipped"),
    [
        (53, 5000, True),
        (53, 1023, False),
        (53, 53, False),
        (123, 1024, True),
        (123, 123, False),
        (443, 40000, False),
        (5353, 5353, False),
    ],
)
def test_of_udp_only_answers_of_dns_and_ntp_are_told_by_their_port(
    src_port: int, dst_port: int, is_flipped: bool
) -> None:
    ends = (CAMERA, CLOUD) if is_flipped else (CLOUD, CAMERA)
    script_of(udp(CLOUD, src_port, CAMERA, dst_port, 5)).finishes(
        flow(*ends, is_flipped=is_flipped)
    )
