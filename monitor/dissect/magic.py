"""What the first bytes of a body show it to be: firmware images, archives, pictures, video."""

_MAGICS: tuple[tuple[bytes, str], ...] = (
    (b"\x27\x05\x19\x56", "uimage"),  # U-Boot include/image.h, IH_MAGIC
    (b"hsqs", "squashfs"),  # Linux fs/squashfs, SQUASHFS_MAGIC, little endian
    (b"sqsh", "squashfs"),
    (b"\xd0\x0d\xfe\xed", "device-tree"),  # Devicetree specification §5.2; FIT images too
    (b"\x85\x19\x03\x20", "jffs2"),  # Linux include/uapi/linux/jffs2.h, node with its crc bits
    (b"\x85\x19\x01\xe0", "jffs2"),
    (b"\x85\x19\x02\xe0", "jffs2"),
    (b"UBI#", "ubi"),  # Linux drivers/mtd/ubi/ubi-media.h
    (b"\x31\x18\x10\x06", "ubifs"),  # Linux fs/ubifs/ubifs-media.h
    (b"\x45\x3d\xcd\x28", "cramfs"),  # Linux include/uapi/linux/cramfs_fs.h
    (b"-rom1fs-", "romfs"),  # Linux Documentation/filesystems/romfs.rst
    (b"HDR0", "trx"),  # OpenWrt firmware-utils, trx.c
    (b"DH\x03\x04", "dahua-firmware"),  # ReFirmLabs/binwalk, dahua_zip: a ZIP with PK replaced
    (b"\xe9\x9a\xf7\xb6", "hikvision-firmware"),  # digicap.dav: "SWKH" under its fixed XOR key
    (b"\x7fELF", "elf"),  # System V ABI, chapter 4
    (b"PK\x03\x04", "zip"),  # PKWARE APPNOTE §4.3.7
    (b"\x1f\x8b\x08", "gzip"),  # RFC 1952 §2.3
    (b"\xfd7zXZ\x00", "xz"),  # XZ format §2.1.1
    (b"BZh", "bzip2"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"\x28\xb5\x2f\xfd", "zstd"),  # RFC 8878 §3.1.1
    (b"\x5d\x00\x00", "lzma"),
    (b"Rar!\x1a\x07", "rar"),
    (b"Salted__", "openssl-encrypted"),
    (b"\xff\xd8\xff", "jpeg"),  # ITU-T T.81 annex B
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF8", "gif"),
    (b"FLV\x01", "flv"),
    (b"\x1a\x45\xdf\xa3", "matroska"),
    (b"#EXTM3U", "m3u8"),  # RFC 8216 §4.3.1.1
    (b"\x00\x00\x00\x01\x67", "h264"),  # ITU-T H.264 annex B, sequence parameter set
    (b"\x00\x00\x00\x01\x40\x01", "h265"),  # ITU-T H.265 annex B, video parameter set
    (b"OggS", "ogg"),
    (b"RIFF", "riff"),
    (b"#!AMR", "amr"),
    (b"%PDF-", "pdf"),
    (b"SQLite format 3\x00", "sqlite"),
    (b"#!/", "script"),
)

_BY_FIRST: dict[int, tuple[tuple[bytes, str], ...]] = {
    first: tuple(row for row in _MAGICS if row[0][0] == first)
    for first in {magic[0] for magic, _ in _MAGICS}
}

_PART_HEAD = 1024
"""How far into a multipart body the head of its first part may reach."""


def body_magic(body: bytes) -> str:
    """Return what a body starts as, such as ``uimage``; empty when no magic is known.

    Of a multipart body the first part is looked at.
    """
    if not body:
        return ""
    if body.startswith(b"--"):
        end = body.find(b"\r\n\r\n", 0, _PART_HEAD)
        if end < 0:
            return ""
        body = body[end + 4 : end + 68]
        if not body:
            return ""
    for magic, name in _BY_FIRST.get(body[0], ()):
        if body.startswith(magic):
            return name
    if body[4:8] == b"ftyp":  # ISO/IEC 14496-12 §4.3
        return "mp4"
    if body[257:262] == b"ustar":  # POSIX.1 pax, ustar interchange format
        return "tar"
    if body[0] == 0x47 and body[188:189] == b"\x47":  # ISO/IEC 13818-1 §2.4.3
        return "mpeg-ts"
    return ""
