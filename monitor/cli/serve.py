"""``camwatch serve``: the API and the page, over a store."""

import sys
from pathlib import Path
from typing import Annotated

import typer

Config = Annotated[Path | None, typer.Option(help="Settings file (TOML).", metavar="FILE")]
StoreUrl = Annotated[
    str, typer.Option("--store", help="Database; without it, that of the settings.", metavar="URL")
]
Listen = Annotated[
    str, typer.Option(help="Address and port, in the place of api.listen.", metavar="HOST:PORT")
]


def serve(store: StoreUrl = "", listen: Listen = "", config: Config = None) -> None:
    """Serve the API and the page until SIGTERM or Ctrl-C."""
    import time  # noqa: PLC0415  # slow imports wait for the command

    from monitor import config as settings_module  # noqa: PLC0415  # see above
    from monitor.api import app as apps  # noqa: PLC0415  # see above
    from monitor.api import server as servers  # noqa: PLC0415  # see above

    settings = settings_module.load(config)
    if listen:
        values = settings_module.as_dict(settings)
        values["api"]["listen"] = listen
        settings = settings_module.validate(values, "--listen")
    with servers.listen(settings.api) as socket:
        app = apps.create_app(
            settings, store or settings.store.address(), time.time_ns, config=config
        )
        server = servers.server(app, settings.api)
        scheme = "http" if settings.api.tls_certificate is None else "https"
        host, port = socket.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        sys.stderr.write(f"camwatch: serving {scheme}://{shown}:{port}/\n")
        server.run(sockets=[socket])
