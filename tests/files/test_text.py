"""Bytes become text or a clear error."""

import errno
import io
import os
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance.errors import InputError
from stance.files.text import (
    DecodedText,
    clean,
    declared_encoding,
    decode,
    read_limited,
    reading,
    standard_input,
)

TEXTS = st.text(st.characters(exclude_characters="\0\ufeff", exclude_categories=["Cs"]))


@given(TEXTS, st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]))
def test_unicode_files_are_read_exactly(text, encoding):
    assert decode(text.encode(encoding)).text == text


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r", "\u2028"])
def test_line_ends_are_not_translated(newline):
    assert decode(f"a{newline}b".encode()).text == f"a{newline}b"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Le café est à l’heure — naïve résumé.", "cp1252"),
        ("Der Präsident sagte, dass die Größe zählt.", "cp1252"),
        (
            "“No single power can order the world any more”, the minister’s office said.",
            "mac_roman",
        ),
        ("In São Tomé and Côte d’Ivoire, Müller said “no”.", "mac_roman"),
        ("Россия и Китай подписали соглашение о сотрудничестве.", "cp1251"),
        ("中国和俄罗斯在桂林会晤,达成四项战略共识。", "gb18030"),
        ("日本と中国は協力を深める。日本と中国は協力を深める。", "cp932"),
    ],
)
def test_older_encodings_are_detected_and_named(text, encoding):
    decoded = decode(text.encode(encoding))
    assert (decoded.text, decoded.guessed) == (text, encoding)


def test_a_few_damaged_bytes_do_not_change_the_encoding():
    data = "Россия и Китай подписали соглашение".encode() + b"\xff."
    decoded = decode(data)
    assert decoded.text == "Россия и Китай подписали соглашение\ufffd."
    assert decoded.guessed == "utf-8 with damaged bytes"


def test_a_byte_order_mark_decides_for_utf_8_whatever_follows():
    decoded = decode(b"\xef\xbb\xbfcaf\xe9, a\xff.")
    assert decoded == DecodedText("caf\ufffd, a\ufffd.", guessed="utf-8 with damaged bytes")


@given(st.binary())
def test_any_bytes_are_text_or_an_input_error(data):
    try:
        text = decode(data).text
    except InputError:
        return
    assert text.encode() is not None
    assert "\0" not in text


@pytest.mark.parametrize("data", [b"a\0b", b"\x7fELF\0\0", "a\0b".encode("utf-16")])
def test_binary_files_are_refused(data):
    with pytest.raises(InputError, match=r"^is not text: it holds NUL \w+; expected UTF-8 text$"):
        decode(data)


def test_bytes_in_no_known_encoding_are_refused():
    message = r"^is not text in an encoding that can be recognised; save it as UTF-8$"
    with pytest.raises(InputError, match=message):
        decode(bytes(range(1, 32)) * 40 + b"\x81\xff\x8d")


def test_text_that_is_not_what_its_byte_order_mark_says_is_refused():
    with pytest.raises(InputError, match=r"^is not valid utf-16: .*; save it as UTF-8$"):
        decode("abc".encode("utf-16")[:-1])


def test_what_goes_wrong_is_said_in_words(tmp_path):
    cases = [
        (FileNotFoundError(), "^does not exist$"),
        (UnicodeDecodeError("utf-8", b"", 0, 1, "x"), "^is not valid UTF-8; convert it first$"),
        (EOFError("ended"), "^is damaged or not compressed as its name says: ended$"),
        (PermissionError(13, "Permission denied"), "^cannot be read: Permission denied$"),
        (OSError("Invalid data stream"), "^cannot be read: Invalid data stream$"),
    ]
    for error, message in cases:
        with pytest.raises(InputError, match=message), reading(tmp_path / "a.txt"):
            raise error


def test_a_drive_that_is_away_is_no_fault_of_the_file(tmp_path):
    with pytest.raises(OSError, match="Host is down"), reading(tmp_path / "a.txt"):
        raise OSError(errno.EHOSTDOWN, "Host is down")


def test_a_path_that_no_file_can_have_is_refused(tmp_path):
    path = tmp_path / ("x" * 300)
    message = r"^cannot be read: File name too long$"
    with pytest.raises(InputError, match=message), reading(path):
        path.open()


def test_what_the_decompressor_says_is_a_damaged_file(tmp_path):
    message = "^is damaged or not compressed as its name says: Invalid data stream$"
    with pytest.raises(InputError, match=message), reading(tmp_path / "a.txt.BZ2"):
        raise OSError("Invalid data stream")
    with (
        pytest.raises(InputError, match=r"^cannot be read: Input/output error$"),
        reading(tmp_path / "a.txt.bz2"),
    ):
        raise OSError(5, "Input/output error")


@given(st.text(st.characters(exclude_categories=[])))
def test_cleaned_text_keeps_its_length_and_can_be_written(text):
    cleaned = clean(text)
    assert len(cleaned) == len(text)
    assert "\0" not in cleaned.encode().decode()


def test_a_document_past_the_limit_is_refused_without_being_read_whole(monkeypatch):
    monkeypatch.setattr("stance.files.text.MAX_TEXT_BYTES", 10)
    stream = io.BytesIO(b"x" * 1000)
    with pytest.raises(InputError, match="larger than"):
        read_limited(stream)
    assert stream.tell() == 11


def test_a_standard_input_that_is_closed_is_refused(monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    message = r"^is closed: there is no standard input$"
    with pytest.raises(InputError, match=message), standard_input():
        pass


def test_standard_input_is_left_open(tmp_path, monkeypatch):
    (tmp_path / "a.txt").write_bytes(b"peace\xff")
    with (tmp_path / "a.txt").open(encoding="utf-8") as file:
        monkeypatch.setattr(sys, "stdin", file)
        with standard_input() as stream:
            assert stream.read() == b"peace\xff"
        assert os.fstat(file.fileno()).st_size == 6


@pytest.mark.parametrize(
    "word",
    [
        "São Paulo",
        "Guimarães",
        "Genève",
        "Curaçao",
        "El Niño",
        "€50",
        "Windows® 11",
        "Pokémon™",
        "“quotes”",
        "l’État – c’est moi",
    ],
)
def test_a_few_accents_in_english_are_read_as_western(word):
    text = "The ministers met and agreed on a joint programme for the coming years. " * 20 + word
    assert decode(text.encode("cp1252")).text == text


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [
        ("iso-8859-9", "cp1254"),
        ("latin5", "cp1254"),
        ("tis-620", "cp874"),
        ("iso-8859-11", "cp874"),
        ("iso-8859-2", "iso8859-2"),
    ],
)
def test_what_a_page_declares_is_read_as_browsers_read_it(declared, encoding):
    assert declared_encoding(f'<meta charset="{declared}">'.encode()) == encoding


@pytest.mark.parametrize("declared", [f"iso8859-{part}" for part in (2, 3, 5, 7, 15, 16)])
def test_the_signs_of_windows_do_not_change_what_is_declared(declared):
    said = "The West’s “order” is over — and it won’t cost €5… " * 5
    assert decode(said.encode("cp1252"), declared=declared) == DecodedText(said)


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ("iso8859-2", "Źródła mówią – że „pokój” jest możliwy, a nasza przyszłość nie. "),
        ("iso8859-4", "Eiropai jāatbild – teica “ministrs” par mieru šajā pasaulē. "),
        ("iso8859-5", "Россия и Китай за многополярный мир – сказал “министр” в Москве. "),
        ("iso8859-6", "اوروبا يجب ان ترد – قال “الوزير” عن السلام في العالم. "),
        ("iso8859-15", "L'Europe doit payer – a dit le “ministre” à l'œuvre. "),
    ],
)
def test_a_declared_encoding_with_the_signs_of_windows_is_read_as_declared(declared, said):
    data = b"".join(x.encode("cp1252" if x in "–“”„" else declared) for x in said * 20)
    assert decode(data, declared=declared) == DecodedText(said * 20)


def test_a_declared_encoding_that_gives_control_characters_is_none():
    said = "Le “chœur” des États a dit à Zürich que la paix était près. " * 5
    assert decode(said.encode("cp1252"), declared="iso8859-2") == DecodedText(said, "cp1252")


@given(st.text("abc ż.", min_size=1))
def test_a_declared_encoding_that_reads_as_text_is_taken(text):
    data = (text + "ż").encode("iso8859-2")
    assert decode(data, declared="iso8859-2") == DecodedText(text + "ż")
