"""The exceptions that an operator can act on; everything else is a bug and shows a traceback."""


class MonitorError(Exception):
    """A failure that the operator can mend.

    Shown as ``camwatch: <what>: <why>; <what to do>`` without a traceback.
    """

    exit_status = 1


class UsageError(MonitorError):
    """The command line asks for something that cannot be."""

    exit_status = 2


class ConfigError(MonitorError):
    """A configuration, catalogue or inventory file is refused."""

    exit_status = 3


class CaptureError(MonitorError):
    """Frames cannot be captured or a file cannot be read at all."""

    exit_status = 4


class FetchError(MonitorError):
    """Something could not be fetched over the network; what is there stays in use."""

    exit_status = 4


class OutputError(MonitorError):
    """An output file cannot be written."""

    exit_status = 2


class StoreError(MonitorError):
    """The store is unreachable, or its schema is not ours."""

    exit_status = 5
