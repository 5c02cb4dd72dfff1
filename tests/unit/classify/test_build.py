from pathlib import Path

import pytest

from monitor.classify import build, load


def test_building_writes_the_compiled_form_and_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = tmp_path / "catalog"
    shipped.mkdir()
    for file in load.catalog_files(load.SHIPPED)[:3]:
        shipped.joinpath(file.name).write_bytes(file.read_bytes())
    monkeypatch.setattr(load, "SHIPPED", shipped)
    monkeypatch.setattr(build, "SHIPPED", shipped)
    build.build(tmp_path)
    assert shipped.joinpath(load.COMPILED).read_bytes() == load.compile_catalog()
    assert tmp_path.joinpath("catalog.md").read_text().startswith("# Catalogue\n")
