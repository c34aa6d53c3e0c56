"""One small fine-tuning of the tiny model, shared by the tests that look at its result."""

import pytest
from tiny_rows import make_rows

import stance


@pytest.fixture(scope="session")
def finetuned(tiny_folder, tmp_path_factory):
    """Return the model, the folder it was made in, and the progress that was told."""
    folder = tmp_path_factory.mktemp("finetuned")
    told = []
    separate = [{**row, "text": f"{row['text']} power"} for row in make_rows(9)]
    model = stance.finetune(
        make_rows(),
        output=folder / "mine",
        base=tiny_folder,
        eval=[*separate, make_rows()[4]],
        progress=told.append,
    )
    return model, folder, told
