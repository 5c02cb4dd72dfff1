"""``camwatch token``: who may use the API and the page."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.serve import Config, StoreUrl
from monitor.errors import UsageError

if TYPE_CHECKING:
    from monitor.store.edits import Edits

app = typer.Typer(no_args_is_help=True, help="Who may use the API and the page, and as what.")

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
HOUR_NS = 3_600_000_000_000
AUTHOR = "camwatch token"


def _open(url: str, path: Path | None) -> "Edits":
    from monitor import config as settings_module  # noqa: PLC0415  # slow imports wait for the command
    from monitor.store import engine as engines  # noqa: PLC0415  # see above
    from monitor.store.edits import Edits  # noqa: PLC0415  # see above

    edits = Edits(engines.parse(url or settings_module.load(path).store.address()))
    edits.upgrade()
    return edits


def _now_ns() -> int:
    import time  # noqa: PLC0415  # only here

    return time.time_ns()


def _print(value: Any) -> None:
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="Whom or what it is for.")],
    role: Annotated[
        str, typer.Option(help="reader, analyst (also acknowledges, uploads) or admin.")
    ] = "reader",
    days: Annotated[
        int, typer.Option(min=0, max=3650, help="Days until it ends; 0: it does not.")
    ] = 0,
    store: StoreUrl = "",
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Make a token and print it, this once; the store keeps only its digest."""
    from monitor.store import access  # noqa: PLC0415  # see above

    if role not in tuple(access.Role):
        raise UsageError(f"--role {role}: there is no such role; give reader, analyst or admin")
    if not name.strip() or len(name) > 200:
        raise UsageError("NAME: give one to 200 characters that tell whom the token is for")
    now_ns = _now_ns()
    expires_ns = now_ns + days * 24 * HOUR_NS if days else None
    edits = _open(store, config)
    with edits.transaction() as connection:
        made = access.create_token(
            connection, name=name.strip(), role=access.Role(role), now_ns=now_ns,
            expires_ns=expires_ns,
        )  # fmt: skip
        access.log(
            connection, at_ns=now_ns, author=AUTHOR, action="token.create", subject=made.id,
            detail={"name": name.strip(), "role": role},
        )  # fmt: skip
    edits.close()
    if as_json:
        _print({"id": made.id, "name": name.strip(), "role": role, "token": made.secret})
        return
    sys.stdout.write(f"{made.secret}\n")
    sys.stderr.write(
        f"camwatch: token {made.id} of {name.strip()}, {role}; keep it, it is not shown again\n"
    )


@app.command("list")
def list_tokens(store: StoreUrl = "", config: Config = None, as_json: Json = False) -> None:
    """List tokens, oldest first, without their secret parts."""
    from monitor.model.clock import utc_text  # noqa: PLC0415  # see above
    from monitor.store import access  # noqa: PLC0415  # see above

    edits = _open(store, config)
    with edits.transaction() as connection:
        rows = access.tokens(connection)
    edits.close()
    told = [
        {
            "id": row["id"],
            "name": row["name"],
            "role": row["role"],
            **{
                key: None if row[f"{key}_ns"] is None else utc_text(row[f"{key}_ns"])
                for key in ("created", "expires", "used", "revoked")
            },
        }
        for row in rows
    ]
    if as_json:
        _print({"items": told})
        return
    for one in told:
        state = "revoked" if one["revoked"] else f"ends {one['expires'] or 'never'}"
        used = f"last used {one['used'] or 'never'}"
        typer.echo(f"{one['id']}  {one['role']:8}  {one['name']}  ({state}, {used})")
    if not told:
        typer.echo("no tokens; 'camwatch token create NAME' makes one")


@app.command()
def revoke(
    token_id: Annotated[str, typer.Argument(help="Id, as 'camwatch token list' shows it.")],
    store: StoreUrl = "",
    config: Config = None,
) -> None:
    """Make a token useless at once, and end its sessions."""
    from monitor.store import access  # noqa: PLC0415  # see above

    # A whole token was given: its public part is enough.
    wanted = token_id.split("_")[1] if token_id.count("_") >= 2 else token_id
    now_ns = _now_ns()
    edits = _open(store, config)
    with edits.transaction() as connection:
        is_done = access.revoke_token(connection, wanted, now_ns)
        if is_done:
            access.log(
                connection, at_ns=now_ns, author=AUTHOR, action="token.revoke", subject=wanted
            )
    edits.close()
    if not is_done:
        raise UsageError(f"{wanted[:20]}: no token of that id is good; see 'camwatch token list'")
    typer.echo(f"token {wanted} is revoked")
