"""``camwatch explain``: why a flow was given its answer."""

import json
import sys
from typing import Annotated

import typer

from monitor.cli.inspect import FlowId, Run


def explain(
    run: Run,
    flow_id: FlowId,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Say why a flow was given its answer: what was seen, what speaks for what, and what is not known."""
    from monitor.forensics import account, account_text  # noqa: PLC0415  # slow imports wait
    from monitor.forensics.folder import RunFolder  # noqa: PLC0415  # see above

    folder = RunFolder.open(run)
    told = account.account(folder, folder.flow(flow_id))
    if as_json:
        sys.stdout.write(json.dumps(told, indent=2) + "\n")
        return
    for line in account_text.lines(told):
        typer.echo(line)
