import gzip
import io
import lzma
import tarfile
import zipfile

import pytest

from monitor.dissect.magic import body_magic


def archive() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as made:
        made.writestr("a", "b")
    return target.getvalue()


def tape() -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.USTAR_FORMAT) as made:
        made.addfile(tarfile.TarInfo("a"))
    return target.getvalue()


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (bytes.fromhex("27051956") + bytes(60), "uimage"),
        (b"hsqs\x01\x00", "squashfs"),
        (b"\x85\x19\x03\x20\x0c\x00\x00\x00", "jffs2"),
        (b"\x7fELF\x01", "elf"),
        (b"DH\x03\x04\x14\x00", "dahua-firmware"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "jpeg"),
        (b"\x00\x00\x00\x18ftypmp42", "mp4"),
        (b"G" + bytes(187) + b"G", "mpeg-ts"),
        (gzip.compress(b"x"), "gzip"),
        (lzma.compress(b"x"), "xz"),
        (archive(), "zip"),
        (tape(), "tar"),
        (b"{}", ""),
        (b"", ""),
    ],
)
def test_the_first_bytes_name_the_kind(body: bytes, name: str) -> None:
    assert body_magic(body) == name


def test_the_head_of_a_hikvision_image_is_its_magic_under_the_published_key() -> None:
    key = bytes.fromhex("bacdbcfe")
    head = bytes(a ^ b for a, b in zip(b"SWKH", key, strict=True))
    assert body_magic(head + bytes(60)) == "hikvision-firmware"


def test_the_first_part_of_a_multipart_body_counts() -> None:
    part = b"--frame\r\nContent-Type: image/jpeg\r\n\r\n\xff\xd8\xff\xe0"
    assert body_magic(part) == "jpeg"
    assert body_magic(b"--frame\r\nContent-Type: image/jpeg\r\n") == ""
