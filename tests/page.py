"""Puts figures where people read them: a marked section of docs/testing.md."""

import re
from pathlib import Path

PAGE = Path(__file__).parent.parent / "docs" / "testing.md"


def write_section(name: str, content: str, *, page: Path = PAGE) -> None:
    """Replace what stands between ``<!-- name -->`` and ``<!-- /name -->``."""
    text = page.read_text(encoding="utf-8")
    section = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    if not section.search(text):
        raise ValueError(f"{page} has no section {name}; expected <!-- {name} -->")
    page.write_text(section.sub(rf"\g<1>\n{content}\n\n\g<2>", text), encoding="utf-8")
