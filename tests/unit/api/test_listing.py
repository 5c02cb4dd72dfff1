from typing import Any

import pytest

from monitor.api.listing import cell, columns_of
from monitor.api.shapes.flows import Flow
from monitor.api.shapes.overview import Operator


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("=1+1", "'=1+1"),
        ("+31 20", "'+31 20"),
        ("-2", "'-2"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\tx", "'\tx"),
        ("\r=x", "'\r=x"),
        ("\uff1dHYPERLINK()", "'\uff1dHYPERLINK()"),
        ("cam.example", "cam.example"),
        (-2, "-2"),
        (None, ""),
        (True, "yes"),
        (["=a", "b"], "'=a; b"),
        ([], ""),
        ([{"kind": "name"}], '[{"kind": "name"}]'),
    ],
)
def test_a_cell_is_never_a_formula(value: Any, shown: str) -> None:
    assert cell(value) == shown


def test_columns_are_members_with_dots() -> None:
    columns = columns_of(Flow)
    assert columns[:4] == ["run", "flow_id", "community_id", "start"]
    assert "destination.operator_country" in columns
    assert columns_of(Operator)[0] == "operator"
