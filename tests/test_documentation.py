"""Every snippet and notebook runs, the site builds, and the version stands where it must."""

import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "docs"))

import refresh_output  # noqa: E402

# Those that take longest first: the tutorial and a notebook train a model.
PAGES = sorted((ROOT / "docs").rglob("*.md"), reverse=True)
PAGES += [ROOT / "README.md", ROOT / "models" / "default" / "README.md"]
NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"), reverse=True)
#: What is read as a plain file, by anybody who has no site.
IN_THE_CLONE = [*PAGES, *ROOT.glob("[AC]*.md"), *(ROOT / "training").rglob("README.md")]
LINK = re.compile(r"(?<=\]\()[\w./-]+(?=[#)])")
ASSET = re.compile(r"<(?:script|link|img|iframe)[^>]+(?:src|href)=[\"']?(?:https?:)?//[^>]+>")


def name(path):
    return str(path.relative_to(ROOT))


def snippets(page):
    found = list(refresh_output.blocks(page.read_text("utf-8")))
    return found if any(block.runs for block in found) else []


def cells(notebook):
    return json.loads(notebook.read_text("utf-8"))["cells"]


def run(path, folder):
    """Run the snippets of a page, or the cells of a notebook, one after the other."""
    refresh_output.make_clone(folder)
    if path.suffix == ".ipynb":
        code = ["".join(cell["source"]) for cell in cells(path) if cell["cell_type"] == "code"]
        refresh_output.run_python("\n".join(code), folder / "docs" / "notebooks")
        return
    for block in snippets(path):
        refresh_output.run(block, folder)


WITH_SNIPPETS = [page for page in PAGES if snippets(page)]
SNIPPETS = [*NOTEBOOKS, *WITH_SNIPPETS]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Each page and notebook, run in a folder of its own; two at once, as they take long."""
    with ThreadPoolExecutor(2) as pool:
        return {path: pool.submit(run, path, tmp_path_factory.mktemp("run")) for path in SNIPPETS}


@pytest.mark.parametrize("path", SNIPPETS, ids=name)
def test_the_snippets_of_a_page_run(path, runs):
    runs[path].result()


@pytest.mark.parametrize("page", WITH_SNIPPETS, ids=name)
def test_no_output_is_missing_from_a_page(page):
    empty = [b for b in snippets(page) if b.shows_output and not b.content.strip()]
    assert empty == []


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=name)
def test_a_notebook_is_stored_without_output(notebook):
    assert [cell for cell in cells(notebook) if cell.get("outputs")] == []


def test_the_first_command_of_the_readme_labels_the_corpus(tmp_path):
    refresh_output.make_clone(tmp_path)
    [line] = [
        line
        for block in refresh_output.blocks((ROOT / "README.md").read_text("utf-8"))
        for line in block.content.splitlines()
        if "stance label seeds" in line
    ]
    command = refresh_output.Block("sh", "", line, 0)
    assert "seeds-labelled.jsonl" in refresh_output.run(command, tmp_path)
    assert (tmp_path / "seeds-labelled.jsonl").stat().st_size > 100_000


@pytest.mark.parametrize("page", IN_THE_CLONE, ids=name)
def test_the_links_of_a_page_hold_in_a_clone(page):
    links = LINK.findall(page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site, built with warnings as errors: a link that leads nowhere is one."""
    pytest.importorskip("mkdocs")
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


def test_the_site_has_a_page_for_every_public_name(site):
    import stance

    reference = (site / "reference" / "index.html").read_text("utf-8")
    assert [public for public in stance.__all__ if f">{public}<" not in reference] == []


def test_the_site_fetches_nothing_from_the_network(site):
    pages = [page.read_text("utf-8") for page in site.rglob("*.html")]
    assert [found for page in pages for found in ASSET.findall(page)] == []


def test_the_citation_is_of_this_version():
    versions = re.findall(r"^ *version: (.+)$", (ROOT / "CITATION.cff").read_text("utf-8"), re.M)
    assert versions == [version("stance")] * 2


def test_the_changelog_speaks_of_this_version():
    latest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert latest[1] == version("stance")
