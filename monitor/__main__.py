"""``python -m monitor`` and the command ``camwatch``."""

from monitor.cli.main import main

if __name__ == "__main__":
    main()
