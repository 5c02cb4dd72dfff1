"""The data that is shipped with the program, each file with its source and its licence.

`LICENSE.data` says under which terms each file may be passed on.
"""

from pathlib import Path

FOLDER = Path(__file__).resolve().parent
"""Where the data files lie."""


def data_path(name: str) -> Path:
    """Return the path of the data file `name`; it need not exist."""
    return FOLDER / name
