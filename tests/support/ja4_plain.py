"""JA4 written a second time, from the field texts of tshark, as plainly as the description."""

import hashlib

GREASE = {f"0x{digit}a{digit}a" for digit in "0123456789abcdef"}


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12] if text else "0" * 12


def _four(values: list[str]) -> list[str]:
    """Return numbers as tshark prints them (0x.. or decimal) as four hex digits, without GREASE."""
    numbers = [int(value, 0) for value in values if value]
    return [f"{n:04x}" for n in numbers if f"0x{n:04x}" not in GREASE]


def ja4(
    transport: str,
    legacy: str,
    versions: list[str],
    ciphers: list[str],
    extensions: list[str],
    signatures: list[str],
    alpn: bytes,
) -> str:
    """Return the fingerprint of a ClientHello given as lists of field texts in wire order."""
    offered = _four(versions) or [f"{int(legacy, 0):04x}"]
    names = {"0304": "13", "0303": "12", "0302": "11", "0301": "10", "0300": "s3", "0002": "s2"}
    cipher_list = sorted(_four(ciphers))
    extension_list = sorted(_four(extensions))
    letters = "00"
    if alpn:
        first, last = alpn[:1], alpn[-1:]
        if first.isalnum() and last.isalnum():
            letters = (first + last).decode()
        else:
            letters = alpn.hex()[0] + alpn.hex()[-1]
    a = (
        transport
        + names.get(max(offered), "00")
        + ("d" if "0000" in extension_list else "i")
        + f"{min(99, len(cipher_list)):02}{min(99, len(extension_list)):02}"
        + letters
    )
    listed = ",".join(e for e in extension_list if e not in ("0000", "0010"))
    if listed and _four(signatures):
        listed += "_" + ",".join(_four(signatures))
    return "_".join((a, _short_hash(",".join(cipher_list)), _short_hash(listed)))
