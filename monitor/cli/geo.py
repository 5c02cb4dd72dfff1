"""``camwatch geo``: which databases say where an address block is."""

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from monitor.errors import UsageError

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


@app.command()
def update(
    source: Annotated[
        list[str] | None,
        typer.Option(help="Where from: server-country, origin-asn, dbip-lite or dbip-asn-lite."),
    ] = None,
    url: Annotated[
        str, typer.Option(help="Fetch one source from this address instead.", metavar="URL")
    ] = "",
    force: Annotated[
        bool, typer.Option("--force", help="Take a database although many countries differ.")
    ] = False,
) -> None:
    """Fetch newer databases, check them, and put them in place; the old ones stay until then."""
    from monitor.enrich import geo_update  # noqa: PLC0415  # slow imports wait for the command

    names = source or list(geo_update.DEFAULT_SOURCES)
    if url and len(names) != 1:
        raise UsageError("--url names one file; give one --source with it")
    today = dt.datetime.now(dt.UTC)
    for name in names:
        chosen = geo_update.source_named(name, url)
        done = geo_update.update(chosen, month=(today.year, today.month), is_forced=force)
        state = "new" if done.is_new else "already there"
        check = "checksum agreed" if done.is_checked else "no checksum is published"
        typer.echo(
            f"{name}: {state}, of {done.database.build_date}, {check} ({done.database.path})"
        )


@app.command()
def build(
    tor: Annotated[
        Path, typer.Option("--from-tor", help="Folder of tor-geoipdb's geoip and geoip6.")
    ] = Path("/usr/share/tor"),
    location: Annotated[
        Path | None, typer.Option("--from-libloc", help="libloc's location.db, for networks.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder to write to.")] = Path(),
) -> None:
    """Build databases from what Debian packages carry; how the shipped ones are made."""
    from monitor.enrich import geo_build  # noqa: PLC0415  # see above

    databases = {"country": geo_build.build_country(tor)}
    if location is not None:
        databases["asn"] = geo_build.build_asn(location)
    geo_build.write_bundle(out, databases)
    typer.echo(f"written: {', '.join(f'{out / name}.mmdb.xz' for name in databases)}")
