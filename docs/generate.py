"""Writes the reference pages that come from the code: ``python docs/generate.py``.

A contract test fails when a page differs from what this writes.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import typer.testing
from sqlalchemy import Table

from monitor import config
from monitor.cli.main import app
from monitor.config.notify import TargetSettings
from monitor.config.section import Section
from monitor.dissect.document import render
from monitor.dissect.registry import shipped
from monitor.enrich.devices_page import devices_page
from monitor.language.page import filters_page
from monitor.metrics.page import metrics_page
from monitor.model.arrays import columns_of
from monitor.model.flows import ConversationBatch, FlowBatch
from monitor.model.frames import FrameBatch
from monitor.model.packets import PacketBatch, QuoteBatch
from monitor.policy.load import shipped_rules
from monitor.policy.page import index_page, rule_page
from monitor.policy.rule import Rule
from monitor.store import access_tables, alert_tables, delivery_tables, live_tables, tables

HERE = Path(__file__).resolve().parent
TABLES = (tables, live_tables, alert_tables, delivery_tables, access_tables)
COMMANDS = (
    (),
    ("replay",),
    ("run",),
    ("doctor",),
    ("explain",),
    ("inspect",),
    ("catalog",),
    ("catalog", "lint"),
    ("catalog", "show"),
    ("catalog", "explain"),
    ("catalog", "test"),
    ("db",),
    ("db", "upgrade"),
    ("db", "check"),
    ("db", "backup"),
    ("db", "vacuum"),
    ("db", "prune"),
    ("geo",),
    ("geo", "status"),
    ("geo", "update"),
    ("geo", "build"),
    ("rules",),
    ("rules", "list"),
    ("rules", "show"),
    ("rules", "lint"),
    ("rules", "test"),
    ("rules", "learnt"),
    ("serve",),
    ("token",),
    ("token", "create"),
    ("token", "list"),
    ("token", "revoke"),
    ("notify",),
    ("notify", "targets"),
    ("notify", "test"),
    ("notify", "dead"),
    ("notify", "resend"),
    ("notify", "keys"),
    ("check-config",),
    ("show-config",),
)


def configuration() -> str:
    """Return the page of settings."""
    lines = [
        "# Settings",
        "",
        "One TOML file, given with `--config FILE`; `camwatch check-config FILE` checks it and",
        "`camwatch show-config` prints every value in force. The environment overrides it:",
        "`CAMWATCH_SECTION__KEY`, lists separated by commas. Unknown keys are refused.",
    ]
    for section, field in config.Settings.model_fields.items():
        model = field.annotation
        assert isinstance(model, type)  # noqa: S101  # sections are classes
        lines += section_table(f"[{section}]", model)
    lines += section_table("[[notify.target]]", TargetSettings)
    return "\n".join(lines) + "\n"


def section_table(heading: str, model: type[Section]) -> list[str]:
    """Return the part of the page about one table of the settings file."""
    lines = ["", f"## {heading}", "", (model.__doc__ or "").strip().splitlines()[0], ""]
    lines += ["| key | default | what it does |", "| --- | --- | --- |"]
    for key, info in model.model_fields.items():
        text = "needed" if info.is_required() else config.toml_text(info.default)
        value = text.replace('""  # unset', "unset")
        lines.append(f"| `{key}` | `{value}` | {info.description} |")
    return lines


def command_line() -> str:
    """Return the page of commands: their own help texts."""
    runner = typer.testing.CliRunner()
    lines = ["# Commands", "", "What `--help` says, and the exit statuses.", ""]
    for words in COMMANDS:
        answer = runner.invoke(
            app, [*words, "--help"], prog_name="camwatch",
            env={"TERMINAL_WIDTH": "100", "COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"},
        )  # fmt: skip
        text = "\n".join(line.rstrip() for line in answer.output.strip().splitlines())
        lines += [f"## camwatch {' '.join(words)}".rstrip(), "", "```text", text, "```", ""]
    lines += [
        "## Exit statuses",
        "",
        "| status | means |",
        "| --- | --- |",
        "| 0 | done |",
        "| 1 | unexpected failure, with a traceback: a bug |",
        "| 2 | the command line cannot be understood, or the output directory not be used |",
        "| 3 | a configuration, catalogue or database file is refused |",
        "| 4 | a capture could not be read, or not to its end (the rest was used); nothing fetched |",
        "| 5 | the store cannot be reached, or its schema is not ours |",
        "| 10 | `--fail-on` found a finding of that severity or worse |",
        "| 130, 143 | interrupted (Ctrl-C), ended (SIGTERM); half-written files are gone |",
    ]
    return "\n".join(lines) + "\n"


def columns() -> str:
    """Return the page of columns: what the stages hand each other."""
    lines = [
        "# Columns",
        "",
        "What the stages hand each other. A packet is a row of columns, a flow is a row of",
        "columns; Python sees flows. Times are nanoseconds since 1970-01-01 UTC, addresses are",
        "two 64-bit words in host order with IPv4 mapped into ::ffff:0:0/96.",
    ]
    for batch in (FrameBatch, PacketBatch, QuoteBatch, FlowBatch, ConversationBatch):
        lines += ["", f"## {batch.__name__}", "", (batch.__doc__ or "").strip().splitlines()[0], ""]
        lines += [
            "| column | type | meaning | unit | absent | source |",
            "|---|---|---|---|---|---|",
        ]
        for name, (dtype, column) in columns_of(batch).items():
            cells = (column.text, column.unit, column.absent, column.source)
            lines.append(f"| `{name}` | {dtype} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def store_tables() -> str:
    """Return the page of the store's tables."""
    lines = [
        "# Tables of the store",
        "",
        "The same in SQLite and PostgreSQL. Times are nanoseconds since 1970-01-01 UTC. Text that is",
        "not known is empty. How long what is kept: [store](store.md).",
    ]
    for module in TABLES:
        lines += ["", f"## {(module.__doc__ or '').strip().splitlines()[0]}"]
        for table in (value for value in vars(module).values() if isinstance(value, Table)):
            lines += ["", f"### {table.name}", "", "| column | type | holds |", "|---|---|---|"]
            for column in table.columns:
                key = ", key" if column.primary_key else ""
                lines.append(f"| `{column.name}` | {column.type}{key} | {column.doc} |")
    return "\n".join(lines) + "\n"


def protocols() -> str:
    """Return the page of protocols."""
    return render(shipped())


def rules() -> str:
    """Return the list of rules."""
    return index_page(shipped_rules())


def page_of(rule: Rule) -> Callable[[], str]:
    """Return what makes the page of a rule: what was written by hand stays."""

    def make() -> str:
        path = HERE / "rules" / f"{rule.id}.md"
        return rule_page(rule, path.read_text(encoding="utf-8") if path.exists() else "")

    return make


def api() -> str:
    """Return the page of the API."""
    return str(_api_page().page())


def api_examples() -> str:
    """Return the examples of the OpenAPI document."""
    return str(_api_page().examples())


def _api_page() -> ModuleType:
    # It asks a small store that tests use too.
    sys.path.insert(0, str(HERE.parent))
    from tests.support import api_page  # noqa: PLC0415  # see above

    return api_page


PAGES = {
    "configuration.md": configuration,
    "commands.md": command_line,
    "columns.md": columns,
    "protocols.md": protocols,
    "devices.md": devices_page,
    "api.md": api,
    "../monitor/api/examples.json": api_examples,
    "filters.md": filters_page,
    "tables.md": store_tables,
    "rules/README.md": rules,
    **{f"rules/{rule.id}.md": page_of(rule) for rule in shipped_rules()},
    "metrics.md": metrics_page,
}


def main() -> None:
    """Write every generated page."""
    for name, make in PAGES.items():
        (HERE / name).write_text(make(), encoding="utf-8")


if __name__ == "__main__":
    main()
