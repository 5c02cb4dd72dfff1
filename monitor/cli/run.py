"""``camwatch run``: the live sensor."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from monitor.config import Settings

Interface = Annotated[
    list[str] | None,
    typer.Option(
        help="Interface on which the mirror arrives; may be given several times.", metavar="IF"
    ),
]
Cameras = Annotated[
    str,
    typer.Option(
        help="Networks or addresses of the cameras, separated by commas. "
        "Without it, every site address that talks is a candidate.",
        metavar="CIDR,...",
    ),
]
Site = Annotated[
    str, typer.Option(help="Networks of the site, separated by commas.", metavar="CIDR,...")
]
StoreUrl = Annotated[
    str, typer.Option("--store", help="Database, in the place of store.url.", metavar="URL")
]
NoFilter = Annotated[
    bool,
    typer.Option(
        "--no-kernel-filter", help="Take in also what stays inside the site, video and all."
    ),
]
Config = Annotated[Path | None, typer.Option(help="Settings file (TOML).", metavar="FILE")]


def run(
    interface: Interface = None,
    config: Config = None,
    store: StoreUrl = "",
    cameras: Cameras = "",
    site: Site = "",
    no_kernel_filter: NoFilter = False,
) -> None:
    """Watch interfaces until stopped, and write what the cameras send out to a database.

    SIGTERM and Ctrl-C write what there is and end; SIGHUP reads settings, catalogue and databases again.
    """
    # One thread only, so that privileges given up are given up by all.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from monitor import config as settings_module  # noqa: PLC0415  # slow imports wait for the command
    from monitor import daemon  # noqa: PLC0415  # see above

    sensor: dict[str, Any] = {}
    if interface:
        sensor["interfaces"] = tuple(interface)
    if no_kernel_filter:
        sensor["kernel_filter"] = False
    place: dict[str, Any] = {}
    if cameras:
        place["cameras"] = settings_module.networks(cameras, "--cameras")
    if site:
        place["networks"] = settings_module.networks(site, "--site")

    def adjust(settings: "Settings") -> "Settings":
        kept = {"url": store} if store else {}
        return settings.model_copy(
            update={
                "store": settings.store.model_copy(update=kept),
                "sensor": settings.sensor.model_copy(update=sensor),
                "site": settings.site.model_copy(update=place),
            }
        )

    daemon.run(adjust(settings_module.load(config)), config, adjust)
