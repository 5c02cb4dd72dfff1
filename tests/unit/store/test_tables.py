from sqlalchemy import make_url
from sqlalchemy.schema import CreateTable

from monitor.store.tables import FLOWS, METADATA


def test_every_column_says_what_it_holds() -> None:
    for table in METADATA.tables.values():
        for column in table.columns:
            assert column.doc, f"{table.name}.{column.name}"


def test_the_tables_can_be_created_on_both_databases() -> None:
    for table in METADATA.sorted_tables:
        for name in ("sqlite", "postgresql"):
            dialect = make_url(f"{name}://").get_dialect()()
            assert f"CREATE TABLE {table.name}" in str(CreateTable(table).compile(dialect=dialect))


def test_a_flow_is_unique_within_its_run_and_flows_lie_in_the_order_of_time() -> None:
    assert [column.name for column in FLOWS.primary_key] == ["run_no", "start_ns", "flow_id"]
