"""What a path may carry and nobody may keep: passwords, tokens, signatures."""

import re

_SECRET = re.compile(
    r"([?&;][a-z0-9_.-]{0,24}(?:passw(?:or)?d|pass|pwd|psw|pw|loginpas|secret|token|key|auth|hmac"
    r"|sign|signature|sig|session|session_?id|sid|ticket)=)[^&;#]+",
    re.IGNORECASE,
)
_PATH_SECRET = re.compile(
    r"([/_](?:password|passwd|pwd)=).*?(?=_[a-z]{1,16}=|[/?&;#]|$)", re.IGNORECASE
)
"""As Xiongmai's RTSP servers take it: ``/user=admin_password=x_channel=1_stream=0.sdp``."""

_PATH_USER = re.compile(r"/user=([^/?&;#]{1,64}?)_passw(?:or)?d=", re.IGNORECASE)


def hide_secrets(path: str) -> str:
    """Return a path whose passwords, tokens and signatures are starred out.

    Examples:
        >>> hide_secrets("/cgi?user=admin&pwd=12345&x=1")
        '/cgi?user=admin&pwd=***&x=1'
    """
    if "=" not in path:
        return path
    return _PATH_SECRET.sub(r"\1***", _SECRET.sub(r"\1***", path))


def user_in_path(path: str) -> str:
    """Return the user of a sign-in that is spelled in a path; empty where there is none."""
    found = _PATH_USER.search(path)
    return found[1] if found else ""
