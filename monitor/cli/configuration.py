"""``camwatch check-config`` and ``camwatch show-config``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from monitor.config.section import Section

ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="Settings file (TOML).", metavar="FILE")
]


def check(file: Annotated[Path, typer.Argument(help="Settings file (TOML).")]) -> None:
    """Check a settings file; says what is wrong and exits with 3 if something is."""
    from monitor import config  # noqa: PLC0415  # every command would wait for it

    config.load(file)
    typer.echo(f"{file}: good")


def show(file: ConfigOption = None) -> None:
    """Show every setting: its value now, and what it does."""
    from monitor import config  # noqa: PLC0415  # as above

    settings = config.load(file)
    for section in config.Settings.model_fields:
        model = getattr(settings, section)
        _show_table(f"[{section}]", model)


def _show_table(heading: str, section: "Section") -> None:
    """Show one table, then the tables of its lists of tables."""
    from monitor import config  # noqa: PLC0415  # as above
    from monitor.config.section import Section  # noqa: PLC0415

    typer.echo(heading)
    tables = []
    for key, info in type(section).model_fields.items():
        value = getattr(section, key)
        typer.echo(f"# {info.description}")
        if isinstance(value, tuple) and value and isinstance(value[0], Section):
            tables += [(f"[{heading.removesuffix(']')}.{key}]]", item) for item in value]
        elif key != "target":
            typer.echo(f"{key} = {config.toml_text(value)}")
    typer.echo()
    for name, item in tables:
        _show_table(name, item)
