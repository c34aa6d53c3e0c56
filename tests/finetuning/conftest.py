"""One small fine-tuning of the tiny model, shared by the tests that look at its result."""

from contextlib import contextmanager

import pytest
from tiny_rows import make_rows

import stance


@pytest.fixture(scope="session")
def finetuned(tiny_folder, tmp_path_factory):
    """Return the model, the folder it was made in, and the progress that was told."""
    folder = tmp_path_factory.mktemp("finetuned")
    told = []
    separate = [{**row, "text": f"{row['text']} power"} for row in make_rows(9)]
    rows = make_rows()
    # One label that its text contradicts, for the search for label errors to find.
    rows[5] = {**rows[5], "frames": {"weather": "favor"}}
    model = stance.finetune(
        rows,
        output=folder / "mine",
        base=tiny_folder,
        eval=[*separate, make_rows()[4]],
        progress=told.append,
    )
    return model, folder, told


@pytest.fixture
def full_disk():
    """Return a context in which no file can grow beyond so many bytes: near enough a full disk."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    @contextmanager
    def limit(size):
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    return limit
