"""``camwatch check-config`` and ``camwatch show-config``."""

from pathlib import Path
from typing import Annotated

import typer

from monitor import config

ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="Settings file (TOML).", metavar="FILE")
]


def check(file: Annotated[Path, typer.Argument(help="Settings file (TOML).")]) -> None:
    """Check a settings file; says what is wrong and exits with 3 if something is."""
    config.load(file)
    typer.echo(f"{file}: good")


def show(file: ConfigOption = None) -> None:
    """Show every setting: its value now, and what it does."""
    settings = config.load(file)
    for section in config.Settings.model_fields:
        model = getattr(settings, section)
        typer.echo(f"[{section}]")
        for key, info in type(model).model_fields.items():
            typer.echo(f"# {info.description}")
            typer.echo(f"{key} = {config.toml_text(getattr(model, key))}")
        typer.echo()
