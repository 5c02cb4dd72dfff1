import pytest

from monitor.notify import alertmanager, file, mail, syslog, webhook
from monitor.notify.receipt import Sender


@pytest.mark.parametrize(
    ("kind", "batch", "refresh_s"),
    [
        (webhook.Webhook, 1, 0),
        (alertmanager.Alertmanager, 1, 300),
        (syslog.Syslog, 100, 0),
        (file.File, 1000, 0),
        (mail.Mail, 500, 0),
    ],
)
def test_every_transport_says_how_many_messages_go_out_together(
    kind: type[Sender], batch: int, refresh_s: float
) -> None:
    assert (kind.batch, kind.refresh_s) == (batch, refresh_s)
