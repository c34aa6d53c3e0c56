"""Files of the project that are pages of the site too, so that nothing is written twice."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parent.parent
#: Where a file is on the site → where it is in the project.
PAGES = {
    "ARCHITECTURE.md": "ARCHITECTURE.md",
    "CHANGELOG.md": "CHANGELOG.md",
    "model/README.md": "models/default/README.md",
    "model/calibration.svg": "models/default/calibration.svg",
    "seeds/CODEBOOK.md": "seeds/CODEBOOK.md",
    "seeds/README.md": "seeds/README.md",
    "training/README.md": "training/README.md",
    "training/data/README.md": "training/data/README.md",
    "training/results/tables.md": "training/results/tables.md",
}

_LINK = re.compile(r"(?<=\]\()[^)#:\s]+")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages."""
    for page, source in PAGES.items():
        files.append(File.generated(config, page, abs_src_path=str(ROOT / source)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn links, which are written so that they hold in a clone, into links of the site."""
    return links_of_the_site(markdown, page.file.src_uri)


def links_of_the_site(markdown: str, page: str) -> str:
    """Return the text of a page with its links to files of the project turned to their pages."""
    folder = posixpath.dirname(PAGES.get(page, f"docs/{page}"))
    places = {source: place for place, source in PAGES.items()}

    def turned(link: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(folder, link[0]))
        place = places.get(target)
        return link[0] if place is None else posixpath.relpath(place, posixpath.dirname(page))

    return _LINK.sub(turned, markdown)
