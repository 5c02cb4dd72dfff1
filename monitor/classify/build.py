"""``python -m monitor.classify.build`` makes the compiled catalogue and its page anew."""

from pathlib import Path

from monitor.classify.load import COMPILED, SHIPPED, compile_catalog, load_catalog
from monitor.classify.page import catalog_page


def build(docs: Path | None = None) -> None:
    """Write the compiled catalogue and, where there is a folder of documents, its page."""
    (SHIPPED / COMPILED).write_bytes(compile_catalog())
    if docs is not None and docs.is_dir():
        (docs / "catalog.md").write_text(catalog_page(load_catalog()), encoding="utf-8")


if __name__ == "__main__":
    build(Path(__file__).parents[2] / "docs")
