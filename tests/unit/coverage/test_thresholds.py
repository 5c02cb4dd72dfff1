"""Thresholds refuse what makes no sense."""

from typing import Any

import pytest

from monitor.coverage.thresholds import Thresholds


@pytest.mark.parametrize("field", ["one_way_share", "tags_share", "copies_share", "loss_share"])
def test_a_share_is_0_to_1(field: str) -> None:
    wrong: dict[str, Any] = {field: 1.5}
    with pytest.raises(ValueError, match=field):
        Thresholds(**wrong)


def test_a_count_is_above_0() -> None:
    with pytest.raises(ValueError, match="least_lost"):
        Thresholds(least_lost=0)
