"""docs/notify.md: its configuration is accepted, its code checks real signatures."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature

from monitor import config
from monitor.config.notify import Kind
from monitor.notify import message, signing
from tests.support.shared import ROOT

PAGE = (ROOT / "docs" / "notify.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
(PYTHON,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
(JAVASCRIPT,) = re.findall(r"```javascript\n(.*?)```", PAGE, re.DOTALL)
BODY = '{"type":"camwatch.test","data":"é"}'.encode()


def _signed() -> tuple[str, dict[str, str]]:
    """A public key, and headers whose second ed25519 signature is of that key."""
    texts = (signing.new_private(), signing.new_private(), signing.new_shared(b"k" * 32))
    keys = [signing.parse(text, "key") for text in texts]
    signature = signing.sign(keys, "msg_1", 1_795_000_000, BODY)
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": "1795000000",
        "webhook-signature": signature,
    }
    return keys[1].public, headers


def test_every_kind_of_target_has_an_example_that_is_accepted(tmp_path: Path) -> None:
    path = tmp_path / "camwatch.toml"
    path.write_text("\n".join(EXAMPLES), encoding="utf-8")
    targets = config.load(path, {}).notify.target
    assert [target.kind for target in targets] == list(Kind)


def test_every_type_of_message_is_named() -> None:
    assert set(re.findall(r"^\| `(camwatch\.[a-z.]+)` \|", PAGE, re.MULTILINE)) == set(
        message.TYPES
    )


def test_the_python_of_the_page_checks_a_signature() -> None:
    names: dict[str, object] = {}
    exec(PYTHON, names)  # noqa: S102  # the page of this repository
    check = names["check"]
    assert callable(check)
    public, headers = _signed()
    check(public, headers, BODY)
    with pytest.raises(InvalidSignature):
        check(public, headers, BODY + b" ")


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_the_javascript_of_the_page_checks_a_signature(tmp_path: Path) -> None:
    public, headers = _signed()
    values = json.dumps([public, headers, BODY.decode()])
    (tmp_path / "check.js").write_text(
        f"{JAVASCRIPT}\nconst [key, headers, body] = {values};\n"
        "console.log(check(key, headers, Buffer.from(body)), check(key, headers, Buffer.from('x')));"
    )
    words = ["node", str(tmp_path / "check.js")]
    done = subprocess.run(words, capture_output=True, text=True, check=True)  # noqa: S603  # see above
    assert done.stdout == "true false\n"
