import resource

from monitor.flow import FlowSettings, FlowStage
from monitor.flow.tables import CONTROL, FLOW, SIDE, make_tables


def test_a_flow_costs_about_three_hundred_bytes() -> None:
    buckets = 2.1 * 8
    assert FLOW.itemsize + 2 * SIDE.itemsize + buckets < 340


def test_tables_are_made_of_zeros_that_cost_nothing_yet() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    stage = FlowStage(FlowSettings(max_flows=8_000_000))
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert stage.counts.active == 0
    assert grown < 50_000


def test_records_that_a_packet_touches_fill_whole_cache_lines() -> None:
    settings = FlowSettings(max_flows=16, store_bytes=1 << 16)
    tables = make_tables(settings, seed=1)
    for table in (tables.flows, tables.sides, tables.talks):
        assert table.dtype.itemsize % 64 == 0
        assert table.ctypes.data % 64 == 0
    assert CONTROL.isalignedstruct


def test_large_tables_begin_at_a_huge_page() -> None:
    tables = make_tables(FlowSettings(), seed=1)
    for table in (tables.flows, tables.sides, tables.buckets, tables.pool):
        assert table.ctypes.data % (2 << 20) == 0
        assert not table[-1:].view("u1").any()
