"""What an address may carry and nobody may keep: passwords, tokens, signatures.

Rather too much is starred out than too little: no purpose rests on a value that is hidden here.
"""

import re
from urllib.parse import unquote

_WORD = re.compile(
    r"pass|loginpas|pwd|psw|psk|secret|token|key|auth|jwt|hmac|sign|session|ticket|credential|cookie"
    r"|(?:^|[^a-z])(?:pw|pin|sig|sid)$",
    re.IGNORECASE,
)
"""In the name of a parameter."""

_NESTED = re.compile(
    r"(?:pass\w*|pwd|psw\w*|psk|secret|token|key|auth\w*|pw|pin)[\"'\])]*\s*[:=]", re.IGNORECASE
)
"""In its value: JSON, or parameters that another sign parts."""

_IN_PATH = re.compile(
    r"([/_;][^/;=]{0,24}(?:pass(?:w(?:or)?d)?|pwd|psk|token|key)=).*?(?=_[a-z]{1,16}=|[/?&;#]|$)",
    re.IGNORECASE,
)
"""As Xiongmai's RTSP servers take it: ``/user=admin_password=x_channel=1_stream=0.sdp``."""

_PATH_USER = re.compile(r"/user=([^/?&;#]{1,64}?)_passw(?:or)?d=", re.IGNORECASE)
_USERINFO = re.compile(r"^((?:[a-z][a-z0-9+.-]{0,15}:)?//)[^/?#]*@", re.IGNORECASE)
_STARS = "***"


def hide_secrets(address: str) -> str:
    """Return a path or an address with passwords, tokens and signatures starred out.

    Examples:
        >>> hide_secrets("/cgi?user=admin&pwd=12345&x=1")
        '/cgi?user=admin&pwd=***&x=1'
    """
    address = _USERINFO.sub(r"\1", address)
    if "=" not in address:
        return address
    address, hash_, fragment = address.partition("#")
    if "=" in fragment:
        fragment = _STARS
    mark = "?" if "?" in address else "&"
    path, mark, query = address.partition(mark)
    shown = "&".join(map(_parameter, query.split("&")))
    path = _IN_PATH.sub(r"\1" + _STARS, path)
    return f"{path}{mark}{shown}{hash_}{fragment}"


def _parameter(text: str) -> str:
    name, _, value = text.partition("=")
    if value and (_WORD.search(unquote(name)) or _NESTED.search(unquote(value))):
        return f"{name}={_STARS}"
    return text


def user_in_path(path: str) -> str:
    """Return the user of a sign-in that is spelled in a path; empty where there is none."""
    found = _PATH_USER.search(path)
    return found[1] if found else ""
