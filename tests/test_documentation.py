"""Every snippet of the documentation runs, and the version stands where it must."""

import re
import shlex
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SNIPPET = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def snippets(language):
    for name in ("README.md", "models/default/README.md"):
        for found in SNIPPET.finditer((ROOT / name).read_text("utf-8")):
            if found[1] == language:
                yield pytest.param(found[2], id=f"{name}:{found.start()}")


@pytest.fixture
def workplace(tmp_path):
    """A folder with what the snippets speak of: a corpus, an article, a table, gold labels."""
    (tmp_path / "seeds").symlink_to(ROOT / "seeds")
    (tmp_path / "articles").mkdir()
    text = "The two sides praised their fruitful partnership. The summit began at noon.\n"
    (tmp_path / "articles" / "one.txt").write_text(text)
    (tmp_path / "article.txt").write_text(text)
    (tmp_path / "table.csv").write_text(f'url,body\nhttp://a.example,"{text.strip()}"\n')
    (tmp_path / "gold.jsonl").write_text(
        '{"text": "The two sides praised their partnership.", "frames": {"cooperation": "favor"}}\n'
    )
    return tmp_path


@pytest.mark.parametrize("code", list(snippets("python")))
def test_python_snippets_run(code, workplace):
    subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=workplace, check=True, timeout=60
    )


def blocks_of_commands():
    for parameter in snippets("sh"):
        lines = [shlex.split(line, comments=True) for line in parameter.values[0].splitlines()]
        commands = [words[1:] for words in lines if words[:1] == ["stance"]]
        if commands:
            yield pytest.param(commands, id=parameter.id)


@pytest.mark.parametrize("commands", list(blocks_of_commands()))
def test_shell_snippets_run_one_after_the_other(commands, workplace):
    for arguments in commands:
        command = [sys.executable, "-c", "from stance.cli import main; main()", *arguments]
        done = subprocess.run(
            command, cwd=workplace, capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 0, (arguments, done.stderr)


def test_the_first_command_of_the_readme_labels_the_corpus(workplace):
    [line] = [
        line
        for parameter in snippets("sh")
        for line in parameter.values[0].splitlines()
        if "stance label seeds" in line
    ]
    arguments = shlex.split(line.split("bin/stance ")[1])
    command = [sys.executable, "-c", "from stance.cli import main; main()", *arguments]
    done = subprocess.run(
        command, cwd=workplace, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert "seeds-labelled.jsonl" in done.stdout
    assert (workplace / "seeds-labelled.jsonl").stat().st_size > 100_000


def test_the_changelog_speaks_of_this_version():
    latest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert latest[1] == version("stance")
