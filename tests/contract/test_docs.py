import importlib.util
from collections.abc import Callable

import pytest

from tests.support.shared import ROOT

_SPEC = importlib.util.spec_from_file_location("docs_generate", ROOT / "docs" / "generate.py")
assert _SPEC is not None
assert _SPEC.loader is not None
generate = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(generate)


@pytest.mark.parametrize(("page", "make"), generate.PAGES.items())
def test_a_generated_page_says_what_the_code_says(page: str, make: Callable[[], str]) -> None:
    written = (ROOT / "docs" / page).read_text(encoding="utf-8")
    assert written == make(), "run: .venv/bin/python docs/generate.py"
