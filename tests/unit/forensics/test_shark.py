from typing import Any

from monitor.forensics.shark import FIELDS, layers_of


class Field:
    def __init__(self, showname: str, *, hide: bool = False, show: str = "") -> None:
        self.showname, self.hide, self.show = showname, hide, show


class Container:
    def __init__(self, *fields: Field) -> None:
        self.all_fields = list(fields)


class Layer:
    def __init__(self, name: str, **fields: Container) -> None:
        self.layer_name = name
        self._all_fields = {key.replace("__", "."): value for key, value in fields.items()}


class Packet:
    def __init__(self, *layers: Layer) -> None:
        self.layers = layers


def told(*layers: Layer) -> list[dict[str, Any]]:
    return list(layers_of(Packet(*layers)))


def test_layers_below_the_transport_and_those_without_words_are_left_out() -> None:
    assert told(
        Layer("eth", eth__dst=Container(Field("Destination: x"))),
        Layer("tcp", tcp__checksum=Container(Field("Checksum: 1"))),
        Layer("mqtt", mqtt__topic=Container(Field("Topic: a"))),
    ) == [{"layer": "mqtt", "fields": ["Topic: a"]}]


def test_of_an_unknown_layer_the_first_visible_fields_are_told() -> None:
    fields = {f"x__f{n}": Container(Field(f"F{n}: {n}", hide=n == 0)) for n in range(40)}
    (layer,) = told(Layer("x", **fields))
    assert layer["fields"] == [f"F{n}: {n}" for n in range(1, FIELDS + 1)]


def test_many_values_of_one_field_are_counted() -> None:
    ciphers = Container(*(Field(f"Cipher Suite: {n}") for n in range(9)))
    assert told(Layer("tls", tls__handshake__ciphersuite=ciphers)) == [
        {
            "layer": "tls",
            "fields": ["Cipher Suite: 0", "Cipher Suite: 1", "Cipher Suite: 2", "(and 6 more)"],
        }
    ]


def test_white_space_and_line_ends_of_headers_are_trimmed() -> None:
    host = Container(Field("Host:   a.example\\r\\n"))
    assert told(Layer("http", http__host=host))[0]["fields"] == ["Host: a.example"]


def test_what_wireshark_joined_is_left_out_for_its_numbers_are_not_the_originals() -> None:
    joined = Container(Field("Segment count: 2"))
    assert told(Layer("DATA", tcp__segment__count=joined)) == []
