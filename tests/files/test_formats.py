"""JSONL, CSV and Parquet hold the same rows, whatever the text."""

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance.errors import InputError
from stance.files.formats import (
    STANDARD_OUTPUT,
    FlatColumns,
    csv_header,
    csv_rows,
    format_of,
    from_cell,
    jsonl_rows,
    to_cell,
    write_parquet,
)
from stance.files.rows import read_rows
from stance.results import DocumentResult, SentenceResult, Word

FRAMES = ("cooperation", "rivalry")
COLUMNS = FlatColumns(FRAMES)
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1)
WORDS = TEXTS.filter(lambda text: text.strip() != "")
SHARES = st.integers(0, 1_000_000).map(lambda number: number / 1_000_000)
STANCES = ("favor", "neutral", "against")


@st.composite
def results(draw):
    sentences = []
    for index, text in enumerate(draw(st.lists(WORDS, max_size=4))):
        chosen = draw(st.sets(st.sampled_from(FRAMES)))
        sentences.append(
            SentenceResult(
                text=text,
                start=index,
                end=index + len(text),
                index=index,
                frames={name: draw(st.sampled_from(STANCES)) for name in FRAMES if name in chosen},
                probabilities={name: draw(SHARES) for name in FRAMES},
                stances={name: {stance: draw(SHARES) for stance in STANCES} for name in FRAMES},
            )
        )
    return DocumentResult(draw(WORDS), tuple(sentences), FRAMES)


def plain(result):
    return [(result.id, s.text, dict(s.frames)) for s in result.sentences]


def read_back(path):
    return [(row.document, row.text, dict(row.frames)) for row in read_rows(path)]


@given(result=results())
def test_jsonl_rows_are_read_back_as_they_were(tmp_path, result):
    path = tmp_path / "a.jsonl"
    path.write_bytes(jsonl_rows(result, {}))
    assert read_back(path) == plain(result)


@given(result=results())
def test_csv_rows_are_read_back_as_they_were(tmp_path, result):
    path = tmp_path / "a.csv"
    path.write_bytes(csv_header(COLUMNS) + csv_rows(result, {}, COLUMNS))
    assert read_back(path) == plain(result)


@given(result=results())
def test_parquet_rows_are_read_back_as_they_were(tmp_path, result):
    pytest.importorskip("pyarrow")
    (tmp_path / "a.jsonl").write_bytes(jsonl_rows(result, {}))
    write_parquet(tmp_path / "a.jsonl", tmp_path / "a.parquet", COLUMNS)
    assert read_back(tmp_path / "a.parquet") == plain(result)


@given(result=results())
def test_csv_and_parquet_hold_the_same_cells(tmp_path, result):
    parquet = pytest.importorskip("pyarrow.parquet")
    (tmp_path / "a.jsonl").write_bytes(jsonl_rows(result, {}))
    write_parquet(tmp_path / "a.jsonl", tmp_path / "a.parquet", COLUMNS)
    text = (csv_header(COLUMNS) + csv_rows(result, {}, COLUMNS)).decode()
    cells = list(csv.DictReader(io.StringIO(text, newline="")))
    rows = parquet.read_table(tmp_path / "a.parquet").to_pylist()
    assert [{name: from_cell(cell) for name, cell in row.items()} for row in cells] == [
        {name: str(value) for name, value in row.items()} for row in rows
    ]


# With and without the apostrophes that are added, or might be taken for those.
NUMBERS = st.from_regex(r"'{0,2}[+-]?[0-9.]{1,3}(e-?[0-9])?[ %]?", fullmatch=True)


@given(TEXTS | NUMBERS)
def test_escaped_cells_are_undone_exactly(text):
    assert from_cell(to_cell(text)) == text


@pytest.mark.parametrize("text", [
    "=1+1", "+1+1", "-1-A1", "-1\n", "-1e", "-.", "-", "-١", "－1", "@SUM(A1)", "\t=1", "\r=1",
    "＝1",
])  # fmt: skip
def test_no_cell_begins_a_formula(text):
    assert to_cell(text).startswith("'")


@pytest.mark.parametrize("text", ["-1", "+1", "-77.03", "-.5", "-5.", "-1e-05", "+2E+10", "-007"])
def test_a_number_is_no_formula(text):
    assert to_cell(text) == text


def test_numbers_that_have_an_apostrophe_are_read_back_without(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(csv_header(COLUMNS) + b"'-1,0,0,9,They met.,,0.5,favor,0.5,favor\r\n")
    assert read_back(path) == [("-1", "They met.", {})]


def test_the_columns_are_those_of_the_design():
    assert csv_header(COLUMNS).decode().strip().split(",") == [
        "document", "index", "start", "end", "text", "frames",
        "p_cooperation", "stance_cooperation", "p_rivalry", "stance_rivalry",
    ]  # fmt: skip


def sentence(**changes):
    values = {
        "text": "They met.",
        "start": 0,
        "end": 9,
        "index": 0,
        "frames": {},
        "probabilities": dict.fromkeys(FRAMES, 0.5),
        "stances": {name: {"favor": 0.2, "neutral": 0.5, "against": 0.3} for name in FRAMES},
    }
    return SentenceResult(**(values | changes))


def test_the_stance_of_a_flat_row_is_the_likeliest_even_of_an_absent_frame():
    row = COLUMNS.flat(sentence().to_dict(document="a"))
    assert (row["frames"], row["stance_rivalry"]) == ("", "neutral")
    stances = {name: {"favor": 0.6, "neutral": 0.3, "against": 0.1} for name in FRAMES}
    row = COLUMNS.flat(sentence(stances=stances).to_dict(document="a"))
    assert row["stance_rivalry"] == "favor"


def test_withheld_frames_have_a_column_where_they_were_asked_for():
    columns = FlatColumns(FRAMES, uncertain=True)
    row = columns.flat(sentence(uncertain=FRAMES).to_dict(document="a"))
    assert row["uncertain"] == "cooperation;rivalry"


def test_a_column_of_withheld_frames_may_be_empty():
    row = FlatColumns(FRAMES, uncertain=True).flat(sentence().to_dict(document="a"))
    assert row["uncertain"] == ""


def test_explanations_have_a_column_as_json():
    words = {"rivalry": (Word("met", 5, 8, 0.25),)}
    columns = FlatColumns(FRAMES, explained=True)
    row = columns.flat(sentence(explanations=words).to_dict(document="a"))
    assert json.loads(row["explanations"]) == {"rivalry": [[5, 8, 0.25]]}
    assert list(row) == list(columns.names)


def test_carried_numbers_stay_numbers_in_csv():
    columns = FlatColumns(FRAMES, ("longitude", "change"))
    rows = csv_rows(
        DocumentResult("a", (sentence(),), FRAMES), {"longitude": -77.03, "change": "+2"}, columns
    )
    assert rows.endswith(b",-77.03,+2\r\n")


def test_carried_columns_stand_last_in_every_format():
    result = DocumentResult("a", (sentence(),), FRAMES)
    columns = FlatColumns(FRAMES, ("year", "tags"))
    kept = {"year": 1990, "tags": ["a"]}
    assert list(json.loads(jsonl_rows(result, kept)).items())[-2:] == list(kept.items())
    assert csv_rows(result, kept, columns).decode().strip().endswith(',1990,"[""a""]"')


@pytest.mark.parametrize("name", ["text", "p_rivalry", "probabilities"])
def test_a_carried_column_cannot_take_the_name_of_another(name):
    with pytest.raises(InputError, match=name):
        FlatColumns(FRAMES, (name,))


def test_a_column_cannot_be_carried_twice():
    with pytest.raises(InputError, match=r"^the column 'year' is to be kept twice; name it once$"):
        FlatColumns(FRAMES, ("year", "source", "year"))


def test_the_format_is_told_by_the_suffix_or_given(tmp_path):
    assert format_of(tmp_path / "a.CSV") == "csv"
    assert format_of(tmp_path / "a.txt", given="parquet") == "parquet"


@pytest.mark.parametrize(
    ("name", "given_format", "message"),
    [
        ("a.xlsx", None, r"^what to write to .*a\.xlsx is not known; expected a name in \.jsonl"),
        ("a", None, r"^what to write to .*a is not known; expected a name in \.jsonl, \.csv or"),
        ("a.csv", "x", r"^the format 'x' is not known; .* or \.parquet, or --format$"),
        (
            "a.CSV",
            "parquet",
            r"a\.CSV would be read as \.csv, and .* is parquet; .* in \.parquet, or",
        ),
        (
            "a.tsv",
            "csv",
            r"would be read as \.tsv, and the format is csv; give it a name in \.csv, or",
        ),
        ("a.csv.gz", "csv", r"would be read as \.gz, and the format is csv; .*leave --format out$"),
    ],
)
def test_an_unknown_format_is_refused(tmp_path, name, given_format, message):
    with pytest.raises(InputError, match=message):
        format_of(tmp_path / name, given=given_format)


@pytest.mark.parametrize(
    ("given_format", "found"), [(None, "jsonl"), ("jsonl", "jsonl"), ("csv", "csv")]
)
def test_standard_output_is_jsonl_unless_csv_is_asked_for(given_format, found):
    assert format_of(STANDARD_OUTPUT, given=given_format) == found


@pytest.mark.parametrize("given_format", ["parquet", "xml"])
def test_standard_output_takes_no_other_format(given_format):
    with pytest.raises(InputError, match="jsonl"):
        format_of(STANDARD_OUTPUT, given=given_format)
