"""What SQLite is told of how values are distributed: that of a large store, from the beginning.

Without it SQLite takes a sensor's run for ten flows, and walks through all of them to find those of one
camera. To analyse a large store takes long; a sample, or a store that is still small, gives numbers
that are wrong later. So they are fixed, as the page of SQLite on ANALYZE proposes for the same query
to have the same plan always; `test_store_plans` holds the plans. A time should be given both ends: of one
that is open SQLite expects a quarter of all rows.
"""

from sqlalchemy import Connection

ROWS = {
    # table: index: rows of the table, then rows with equal values in the first column, the first
    # two, and so on. Ten million flows of a sensor of 500 cameras.
    "flows": {
        "sqlite_autoindex_flows_1": "10000000 5000000 2 1",
        "ix_flows_slice_flow_id": "10000000 10000 1",
        "ix_flows_run_no_camera_ip_start_ns": "10000000 5000000 20000 1",
        "ix_flows_run_no_purpose_start_ns": "10000000 5000000 500000 2",
        "ix_flows_run_no_destination_id_start_ns": "10000000 5000000 10000 1",
    },
    "totals": {
        "totals": "1000000 500000 4000 8 8 6 2 1 1 1 1 1",
        "ix_totals_run_no_camera_ip_bucket_ns": "1000000 500000 2000 8",
    },
    "destinations": {"sqlite_autoindex_destinations_1": "10000 1"},
    "evidence": {"sqlite_autoindex_evidence_1": "10000 1"},
    "cameras": {"sqlite_autoindex_cameras_1": "1000 500 1"},
}


def write(connection: Connection) -> None:
    """Put the statistics in place; SQLite reads them when it next opens the file."""
    # Makes the table of statistics, and looks at nothing.
    connection.exec_driver_sql("ANALYZE sqlite_schema").close()
    connection.exec_driver_sql("DELETE FROM sqlite_stat1").close()
    rows = [
        (table, index, stat) for table, indices in ROWS.items() for index, stat in indices.items()
    ]
    connection.exec_driver_sql("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)", rows)
    # Has this connection read them.
    connection.exec_driver_sql("ANALYZE sqlite_schema").close()
