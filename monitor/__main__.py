"""``python -m monitor`` and the command ``camwatch``."""

import signal


def main() -> None:
    """Load the command line and run it."""
    # Whoever interrupts while it loads needs no traceback. A signal that is ignored stays so.
    is_heard = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if is_heard:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from monitor.cli import main as command_line  # noqa: PLC0415  # loads what takes a while

    if is_heard:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    command_line.main()


if __name__ == "__main__":
    main()
