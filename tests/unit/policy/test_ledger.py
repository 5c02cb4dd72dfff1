import numpy as np

from monitor.model.facts import Dissection, Fact
from monitor.model.learnt import Update
from monitor.policy.ledger import updates
from tests.support.batches import batch_of
from tests.support.flow_records import flow


def test_an_entry_has_the_address_of_the_file_where_it_could_be_read() -> None:
    seen = Dissection("http", (Fact("http.host", "dl.example.org"), Fact("http.path", "/fw.bin")))
    made = updates(batch_of([flow(start_ns=7, service="http")], seen), np.arange(1))
    assert made == [
        Update(
            "00000000000000aa", "10.20.3.11", 7, "api.example.org", "http://dl.example.org/fw.bin",
            4200, "",
        )
    ]  # fmt: skip


def test_an_encrypted_one_has_none() -> None:
    (made,) = updates(batch_of([flow()]), np.arange(1))
    assert made.url == ""
