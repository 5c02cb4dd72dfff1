"""The mask that many PPPP devices put over their messages: a table and a key of four bytes."""

_TABLE = bytes.fromhex(
    "7c9ce84a13dedcb22f2123e4307b3d8cbc0b270c3cf79ae7087196009785efc1"
    "1fc4dba1c2ebd901faba3b05b81587832872d18b5ad6da9358feaacc6e1bf0a3"
    "88ab43c00db545384f502266207f075b14981d9ba72ab9a8cbf1fc4947063eb1"
    "0e043a945eee541134dd4df9ecc7c9e3781a6f706ba4bda95dd5f8e5bb26af42"
    "37d8e1020aae5f1cc573094e6924906d12b319ad748a2940f52dbea559e0f479"
    "d24bce8982488425c6912ba2fb8fe9a6b09e3f65f603312eac0f952c5ced39b7"
    "336c567eb4a0fd7a815351868d9f77ff6a80dfe2bf10d775645776f355cdd0c8"
    "18e6364162cf99f2324c67606192cad3ea637d16b68ed46835c3529d46441e17"
)
"""Every implementation has this permutation. Source: datenstau/A9_PPPP crypt.js."""

_SECRETS = (
    "SSD@cs2-network.",
    "camera",
    "SHIX",
    "vstarcam2018",
    "@@@@....",
    "VMSV",
    "FERRY@88",
    "mycamera",
    "Deng123abc",
    "Duncom",
    "JX20130716",
    "hyWHzyhtzH",
    "JYDGAOZHANP2P",
    "SZGMBESTER",
)
"""Public strings, the same in every device of a maker: the first towards servers, the others on
the LAN. Source: magicus/pppp-dissector PPPP.md."""


def key_of(secret: str) -> bytes:
    """Return the key of a secret: its sum, the sum's complement to 256, the thirds, the XOR."""
    total = thirds = mixed = 0
    for byte in secret.encode():
        total += byte
        thirds += byte // 3
        mixed ^= byte
    return bytes((total & 0xFF, -total & 0xFF, thirds & 0xFF, mixed))


def unmask(data: bytes, key: bytes) -> bytes:
    """Return the plain bytes: each is masked by the table's entry for the masked byte before it."""
    before, plain = 0, bytearray()
    for byte in data:
        plain.append(byte ^ _TABLE[(key[before & 3] + before) & 0xFF])
        before = byte
    return bytes(plain)


def first_masked(plain: int, key: bytes) -> int:
    """Return the first byte of a masked message whose first plain byte is `plain`."""
    return plain ^ _TABLE[key[0]]


KEYS = tuple(key_of(secret) for secret in _SECRETS)
"""Keys to try, the one towards servers first."""
