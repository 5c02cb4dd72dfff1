from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from monitor.cli.main import app
from monitor.errors import StoreError
from monitor.store.live import LiveStore, Step
from monitor.store.tables import FLOWS
from tests.support import stores
from tests.support.traffic import Traffic

OLD_NS = 1_600_000_000 * 10**9
"""2020-09-13."""


def _run(*words: str) -> Result:
    result = CliRunner().invoke(app, ["db", *words])
    if isinstance(result.exception, StoreError):
        raise result.exception
    return result


def _fill(url: str) -> None:
    store = LiveStore.open(url, "gate-1", version="1.2", started_ns=OLD_NS)
    batch = Traffic(5).batch(100, OLD_NS, 4 * 3600 * 10**9)
    store.commit(Step(now_ns=OLD_NS, records=[batch]))
    store.close()


def test_a_store_is_created_checked_pruned_and_vacuumed(store_url: str) -> None:
    created = _run("upgrade", "--store", store_url)
    assert created.output.endswith(": created\n")
    assert _run("upgrade", "--store", store_url).output.endswith(": up to date\n")
    _fill(store_url)
    checked = _run("check", "--store", store_url)
    assert checked.exit_code == 0
    assert "flows: 100, 2020-09-13T12:" in checked.output
    assert "sensor gate-1: 1.2, wrote 2020-09-13T12:26:40Z" in checked.output
    assert checked.output.endswith("sound: pages, latest flows, latest sums\n")
    assert "sound: every page" in _run("check", "--full", "--store", store_url).output
    assert "flows: 100 rows removed\n" in _run("prune", "--store", store_url).output
    assert stores.table(store_url, FLOWS) == []
    assert _run("prune", "--store", store_url).output == "nothing is past its time\n"
    assert _run("vacuum", "--store", store_url).output.startswith("size: ")


def test_a_fault_is_told_and_ends_with_the_status_of_the_store(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'camwatch.db'}"
    _fill(url)
    store = LiveStore.open(url, "gate-1", version="1.2", started_ns=OLD_NS)
    store.write(lambda c: c.exec_driver_sql("DELETE FROM evidence").close())
    store.close()
    with pytest.raises(StoreError, match="100 flows refer to rows of evidence") as caught:
        _run("check", "--store", url)
    assert caught.value.exit_status == 5


def test_a_copy_is_a_store(tmp_path: Path) -> None:
    url, copy = f"sqlite:///{tmp_path / 'camwatch.db'}", tmp_path / "copy.db"
    _fill(url)
    assert _run("backup", str(copy), "--store", url).output.startswith(f"{copy}: ")
    assert "flows: 100" in _run("check", "--store", f"sqlite:///{copy}").output


def test_the_store_of_the_settings_is_used_and_its_days(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'camwatch.db'}"
    _fill(url)
    settings = tmp_path / "camwatch.toml"
    settings.write_text(f'[store]\nurl = "{url}"\nflows_days = 36500\ntotals_days = 36500\n')
    assert "became part of sums of days" in _run("prune", "--config", str(settings)).output
    assert len(stores.table(url, FLOWS)) == 100


def test_a_store_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no such file"):
        _run("check", "--store", f"sqlite:///{tmp_path}/none.db")
