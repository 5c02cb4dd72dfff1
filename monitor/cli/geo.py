"""``camwatch geo``: which databases say where an address block is."""

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    no_args_is_help=True, help="Databases of countries and networks: what is used, how old it is."
)


@app.command()
def status(
    config: Annotated[
        Path | None, typer.Option(help="Settings file (TOML).", metavar="FILE")
    ] = None,
) -> None:
    """Show the databases in use, their age, licence and attribution."""
    from monitor import config as settings_module  # noqa: PLC0415  # slow imports wait for the command
    from monitor.enrich.geo import Geo  # noqa: PLC0415  # see above

    settings = settings_module.load(config)
    now = dt.datetime.now(dt.UTC).timestamp()
    with Geo.open(country=settings.geo.country, asn=settings.geo.asn) as geo:
        for database in geo.databases:
            kinds = " and ".join(sorted(database.kinds))
            origin = "shipped with camwatch" if database.is_bundled else database.path
            typer.echo(f"{kinds}: {database.type}, of {database.build_date} ({origin})")
            age = f"  {database.age_days(now)} days old"
            if database.is_stale(now):
                age += ": older than 90 days; 'camwatch geo update' fetches a newer one"
            typer.echo(age)
            typer.echo(f"  {database.attribution.text}")
        for fault in geo.faults:
            typer.echo(f"passed over: {fault}", err=True)
        if not geo.databases:
            typer.echo("none: countries and networks will be unknown")
