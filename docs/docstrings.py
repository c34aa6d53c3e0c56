"""Docstrings as the site reads them: examples as code, and one entry for each name."""

from __future__ import annotations

import re
from typing import Any

import griffe

# Markdown would take the ">>>" of an example for quotations.
_EXAMPLE = re.compile(r"^>>> .*(?:\n.+)*", re.MULTILINE)
# "favor, neutral, against: how many ..." describes three attributes.
_NAMES = re.compile(r"^    (\w+(?:, \w+)+)(: .*(?:\n {8}.*)*)", re.MULTILINE)


class Docstrings(griffe.Extension):
    """Changes every docstring before it is read."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Change the docstring of an object."""
        if obj.docstring is not None:
            text = _EXAMPLE.sub(r"```pycon\n\g<0>\n```", obj.docstring.value)
            obj.docstring.value = _NAMES.sub(_each, text)


def _each(entry: re.Match[str]) -> str:
    return "\n".join(f"    {name}{entry[2]}" for name in entry[1].split(", "))
