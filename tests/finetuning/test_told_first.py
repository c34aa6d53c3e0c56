"""What a run says of its rows before it trains on them."""

import pytest
from tiny_rows import make_rows

import stance


class Interruption(BaseException):
    """What ends a run."""


def told_first(rows, **options):
    """Return what is said before the first training, and end the run there."""
    told = []

    def stop(progress):
        told.extend(progress.messages)
        raise Interruption

    with pytest.raises(Interruption):
        stance.finetune(rows, **options, progress=stop)
    return "\n".join(told)


def test_texts_in_another_script_are_told_of_before_anything_is_trained(tiny_folder, tmp_path):
    rows = [{**row, "text": f"зима тревоги нашей {'о' * n}"} for n, row in enumerate(make_rows())]
    rows[3]["text"] = "rain " * 40
    told = told_first(rows, output=tmp_path / "m", base=tiny_folder, language="ru")
    assert "the texts are in ru, those of tiny in en" in told
    assert "% of the tokens are unknown to tiny" in told
    assert "1 texts have more than 32 tokens" in told


def test_rows_that_are_not_trained_on_do_not_count(tiny_folder, tmp_path):
    rows = make_rows(36)
    options = {"output": tmp_path / "m", "base": tiny_folder}
    assert "rows carry harvest" not in told_first(rows, **options)
    told = told_first(rows, **options, eval=rows[:12], force=True)
    assert "only 8 rows carry harvest" in told
