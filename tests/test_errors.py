import pickle

import pytest

from stance.errors import InputError, MissingExtraError, ModelError, StanceError


@pytest.mark.parametrize("kind", [StanceError, InputError, ModelError])
@pytest.mark.parametrize(
    "quoted", ["a\nb", "a\r\nb", "a\u2028b", "a\x1b[2Jb", "a\u202eb", "a\ud800b"]
)
def test_a_message_is_one_line_that_steers_no_terminal(kind, quoted):
    message = str(kind(f"no column {quoted}; it has Größe, 力"))
    assert message == f"no column {ascii(quoted)[1:-1]}; it has Größe, 力"
    assert message.isprintable()


def test_a_missing_extra_says_how_to_install_it():
    error = MissingExtraError("reading HTML", extra="html")
    assert str(error) == (
        'reading HTML needs packages that are not installed: pip install "stance[html]"'
    )
    assert (error.extra, isinstance(error, ImportError)) == ("html", True)


def test_a_missing_extra_comes_back_whole_from_another_process():
    error = MissingExtraError("reading HTML", extra="html")
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.extra) == (MissingExtraError, str(error), "html")
