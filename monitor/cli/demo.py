"""``camwatch demo``: a living example."""

import sys
from pathlib import Path
from typing import Annotated

import typer

Files = Annotated[list[str], typer.Argument(help="Captures to play.", metavar="FILE...")]
Folder = Annotated[
    Path, typer.Option("--out", help="Folder for its store and settings.", metavar="DIR")
]
Listen = Annotated[str, typer.Option(help="Address and port of the page.", metavar="HOST:PORT")]


def demo(files: Files, out: Folder = Path("out/demo"), listen: Listen = "127.0.0.1:8465") -> None:
    """Play captures to a sensor on a wire of its own, and serve the page over it, until Ctrl-C."""
    from monitor import demo as demonstration  # noqa: PLC0415  # slow imports wait for the command

    def tell(text: str) -> None:
        sys.stderr.write(f"camwatch: {text}\n")

    try:
        demonstration.run(demonstration.Show(files=files, folder=out, listen=listen, tell=tell))
    except KeyboardInterrupt:
        tell("ended")
