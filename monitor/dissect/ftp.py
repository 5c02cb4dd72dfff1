"""FTP control connections: pictures and clips that a camera uploads, in clear text."""

import re

from monitor.dissect.base import TCP, Dissector, FactKind
from monitor.dissect.wire import distinct, text
from monitor.model.facts import Conversation, Dissection, Fact

_COMMAND = re.compile(
    rb"(USER|PASS|ACCT|CWD|CDUP|QUIT|PORT|PASV|EPRT|EPSV|TYPE|STRU|MODE|RETR|STOR|APPE|STOU|REST|"
    rb"RNFR|RNTO|DELE|MKD|RMD|PWD|LIST|NLST|SIZE|MDTM|SYST|STAT|FEAT|OPTS|HELP|NOOP|ALLO|SITE|"
    rb"AUTH|PBSZ|PROT|MLSD|MLST|XPWD|XMKD|CLNT|ABOR)(?: ([^\r\n]{0,256}))?\r?\n",
    re.IGNORECASE,
)
_BANNER = re.compile(rb"220[ \-][\x09\x20-\xff]{0,512}\r?\n")
_FIRST_COMMANDS = frozenset({"USER", "AUTH", "FEAT", "SYST", "OPTS", "CLNT", "HELP", "NOOP"})
_UPLOADS = frozenset({"STOR", "APPE", "STOU"})
_MOST_COMMANDS = 64


def _commands(stream: bytes) -> list[tuple[str, str]]:
    """Return the commands at the start of a stream, with the argument of USER alone."""
    found: list[tuple[str, str]] = []
    at = 0
    while len(found) < _MOST_COMMANDS and (match := _COMMAND.match(stream, at)):
        name = text(match[1]).upper()
        found.append((name, text(match[2] or b"") if name == "USER" else ""))
        at = match.end()
    return found


def _dissect(conversation: Conversation) -> Dissection | None:
    stream, answer = conversation.orig_first, conversation.resp_first
    banner = _BANNER.match(answer)
    if not banner and (banner := _BANNER.match(stream)):
        # The server speaks first: without the handshake it may pass for the originator.
        stream, answer = answer, stream
    if not stream:
        if banner and b"FTP" in banner[0] and b"SMTP" not in banner[0]:
            return Dissection("ftp", (Fact("ftp.banner", text(banner[0][4:], 96)),))
        return None
    commands = _commands(stream)
    if not commands or commands[0][0] not in _FIRST_COMMANDS or (answer and not banner):
        return None
    if not answer and len(commands) < 2 and commands[0][0] != "USER":
        return None
    facts = [Fact("ftp.banner", text(banner[0][4:], 96))] if banner else []
    facts += distinct("ftp.command", (name for name, _ in commands if name not in {"USER", "PASS"}))
    if _UPLOADS & {name for name, _ in commands}:
        facts.append(Fact("ftp.direction", "upload"))
    facts += distinct("credential", (f"ftp user={user}" for _, user in commands if user))
    return Dissection("ftp", tuple(fact for fact in facts if fact.value))


DISSECTOR = Dissector(
    service="ftp",
    title="File Transfer Protocol",
    transports=frozenset({TCP}),
    first_bytes=frozenset(b"2UAFSOCHNuafsochn"),
    dissect=_dissect,
    ports=frozenset({21}),
    rank=25,
    how="first command USER, AUTH, FEAT, SYST, OPTS, CLNT, HELP or NOOP with an answer 220, or a "
    "banner 220 that says FTP",
    facts=(
        FactKind("ftp.banner", "First line of the server"),
        FactKind("ftp.command", "Commands of the client, without their arguments"),
        FactKind("ftp.direction", "upload, when the client stores a file"),
        FactKind("credential", "User name"),
    ),
    source="RFC 959 §4-5",
)
