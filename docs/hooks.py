"""Files of the project that are pages of the site too, so that nothing is written twice."""

from __future__ import annotations

from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parent.parent
#: Where a file is on the site → where it is in the project. Links between them hold on both.
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


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages."""
    for page, source in PAGES.items():
        files.append(File.generated(config, page, abs_src_path=str(ROOT / source)))
    return files
