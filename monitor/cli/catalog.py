"""``camwatch catalog``: the knowledge that purposes rest on."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from monitor.classify.index import Catalog

FAULT_STATUS = 3

app = typer.Typer(
    no_args_is_help=True, help="The knowledge that purposes rest on: names, paths, protocols."
)

Folder = Annotated[
    Path | None,
    typer.Option(
        help="Directory of your own entries; they add to or override ours.", metavar="DIR"
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def _catalog(folder: Path | None) -> "Catalog":
    from monitor.classify.load import load_catalog  # noqa: PLC0415  # slow imports wait for the command

    return load_catalog(folder)


def _print(value: Any) -> None:
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


@app.command()
def lint(folder: Folder = None) -> None:
    """Look for entries that overlap, can never match, or lack a source; exits with 3 if any do."""
    from monitor.classify.check import lint as check  # noqa: PLC0415  # see above

    catalog = _catalog(folder)
    faults = check(catalog)
    for fault in faults:
        typer.echo(str(fault))
    typer.echo(f"{len(catalog.entries)} entries, {len(faults)} faults")
    if faults:
        raise typer.Exit(FAULT_STATUS)


@app.command()
def show(
    text: Annotated[str, typer.Argument(help="Part of an id, maker, name or meaning.")] = "",
    folder: Folder = None,
    as_json: Json = False,
) -> None:
    """Show the entries that hold a text, or all."""
    from monitor.classify.show import show as find  # noqa: PLC0415  # see above

    found = find(_catalog(folder), text)
    if as_json:
        _print({"entries": found})
        return
    for entry in found:
        also = f" (also {', '.join(entry['also'])})" if entry["also"] else ""
        typer.secho(entry["id"], bold=True)
        typer.echo(f"  {entry['purpose']}{also}, confidence {entry['confidence']}")
        typer.echo(f"  when: {entry['match']}")
        typer.echo(f"  {entry['about']}")
        typer.secho(f"  source: {'; '.join(entry['source'])}", dim=True)
    typer.echo(f"{len(found)} entries")


@app.command()
def explain(
    name: Annotated[str, typer.Argument(help="Host name or address.", metavar="NAME-OR-ADDRESS")],
    folder: Folder = None,
    as_json: Json = False,
) -> None:
    """Say what a name or an address alone would be taken for, and why."""
    from monitor.classify.show import explain as reason  # noqa: PLC0415  # see above

    answer = reason(_catalog(folder), name)
    if as_json:
        _print(answer)
        return
    for transport, said in answer["answers"].items():
        typer.echo(f"over {transport}: {said['purpose']}, confidence {said['confidence']}")
        for evidence in said["evidence"]:
            entry = f"  [{evidence['catalog']}]" if evidence["catalog"] else ""
            typer.echo(f"  {evidence['kind']} {evidence['value']}{entry}")
    for entry in answer["entries"]:
        typer.echo(f"{entry['id']} ({entry['because']}): {entry['about']}")
        typer.secho(f"  source: {'; '.join(entry['source'])}", dim=True)
    if not answer["entries"]:
        typer.echo("no entry knows it")


@app.command("test")
def run_examples(folder: Folder = None) -> None:
    """Run the examples that stand beside entries; exits with 3 if one fails."""
    from monitor.classify.check import run_examples as run  # noqa: PLC0415  # see above

    count, faults = run(_catalog(folder))
    for fault in faults:
        typer.echo(str(fault))
    typer.echo(f"{count} examples, {len(faults)} failed")
    if faults:
        raise typer.Exit(FAULT_STATUS)
