"""Writes ``input.pcap`` of every sample: ``python -m pcaps.make [FOLDER]``."""

import sys
from pathlib import Path

from pcaps.make.samples import SAMPLES


def main() -> None:
    """Write all samples below the folder named, or below `pcaps/`."""
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[1]
    for name, make in SAMPLES.items():
        scene = make()
        scene.write(root / name)
        print(f"{name}: {len(scene.frames)} frames")


if __name__ == "__main__":
    main()
