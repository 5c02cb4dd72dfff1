import resource

from monitor.flow import FlowSettings, FlowStage
from monitor.flow.tables import CONTROL, FLOW, SIDE, make_tables


def test_a_flow_costs_about_three_hundred_bytes() -> None:
    buckets = 2.1 * 8
    assert FLOW.itemsize + 2 * SIDE.itemsize + buckets < 320


def test_tables_are_made_of_zeros_that_cost_nothing_yet() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    stage = FlowStage(FlowSettings(max_flows=8_000_000))
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert stage.counts.active == 0
    assert grown < 50_000


def test_records_begin_at_a_cache_line() -> None:
    tables = make_tables(FlowSettings(max_flows=100), seed=1)
    assert tables.flows.ctypes.data % 64 == 0
    assert tables.sides.ctypes.data % 64 == 0
    assert CONTROL.isalignedstruct
