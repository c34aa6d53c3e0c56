"""What inputs name, in which order, and what of a folder is left out."""

import errno
import os
from pathlib import Path

import pytest

from stance.errors import InputError, OutputError
from stance.files.sources import LeftOut, Source, Unusable, find_sources
from stance.files.text import NOT_A_FILE

RESULT = [
    "out.jsonl",
    "out.jsonl.errors.jsonl",
    "out.jsonl.partial/skipped.jsonl",
    "out.jsonl.run.json",
    "out.jsonl.skipped.jsonl",
]


def ids(inputs, **options):
    return [source.id for source in find_sources(inputs, **options).sources]


def left_out(inputs):
    return {Path(left.path).name: left.reason for left in find_sources(inputs).left_out}


def make(folder, *names, text="Some text."):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def test_a_folder_is_read_recursively_in_a_stable_order_with_relative_ids(tmp_path):
    make(tmp_path, "b.txt", "a/z.txt", "a/b/c.md", "a.txt", "C.TXT")
    assert ids([tmp_path]) == ["C.TXT", "a/b/c.md", "a/z.txt", "a.txt", "b.txt"]


def test_ids_are_as_named_where_there_are_several_inputs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make(tmp_path, "news/a.txt", "b.txt")
    assert ids(["news", "b.txt"]) == ["news/a.txt", "b.txt"]


def test_hidden_files_and_folders_are_passed_over(tmp_path):
    make(tmp_path, "a.txt", ".b.txt", ".git/c.txt")
    assert ids([tmp_path]) == ["a.txt"]


def test_unfinished_results_are_passed_over(tmp_path):
    make(tmp_path, "a.txt", "out.jsonl.partial/b.txt", "partial/c.txt")
    assert ids([tmp_path]) == ["a.txt", "partial/c.txt"]


def test_notes_of_a_folder_are_left_out_and_listed(tmp_path):
    make(tmp_path, "a.txt", "README.md", "codebook.md", "LICENSE.txt")
    assert ids([tmp_path]) == ["a.txt"]
    assert left_out([tmp_path]) == dict.fromkeys(
        ["README.md", "codebook.md", "LICENSE.txt"], "a note, not an article"
    )


def test_articles_whose_names_begin_like_notes_are_read(tmp_path):
    names = ["Notice of war.txt", "licensed-arms-exports.html", "noticed-shift.txt", "readmes.txt"]
    make(tmp_path, *names)
    assert ids([tmp_path]) == names
    assert left_out([tmp_path]) == {}


def test_notes_have_versions_in_other_languages(tmp_path):
    names = ["README_zh.md", "readme-de.txt", "README.fr.md", "NOTICE", "Codebook_v2.md"]
    make(tmp_path, *names)
    assert left_out([tmp_path]) == dict.fromkeys(names, "a note, not an article")


def test_side_files_of_earlier_results_are_left_out(tmp_path):
    make(tmp_path, "a.txt", "old.csv.errors.jsonl", "old.csv.skipped.jsonl", text='{"text": "a"}')
    assert ids([tmp_path]) == ["a.txt"]
    assert set(left_out([tmp_path]).values()) == {"holds labels or results already"}


@pytest.fixture
def locked(tmp_path, monkeypatch):
    """A folder that cannot be listed: root can list every other."""
    make(tmp_path, "a.txt", "locked/b.txt", "open/c.txt")
    folder, scandir = tmp_path / "locked", os.scandir

    def refuse(path="."):
        if Path(path).absolute() == folder:
            raise PermissionError(errno.EACCES, "Permission denied", os.fspath(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    return folder


def test_a_folder_that_cannot_be_listed_is_unusable_and_the_others_are_read(tmp_path, locked):
    unread, *found = find_sources([tmp_path]).sources
    assert unread == Unusable(locked.as_posix(), "cannot be read: Permission denied")
    assert [source.id for source in found] == ["a.txt", "open/c.txt"]


def test_a_folder_that_a_pattern_cannot_look_into_is_unusable(tmp_path, locked):
    unread, *found = find_sources([f"{tmp_path}/**/*.txt"]).sources
    assert unread == Unusable(locked.as_posix(), "cannot be read: Permission denied")
    assert [source.path for source in found] == [tmp_path / "a.txt", tmp_path / "open" / "c.txt"]


@pytest.mark.parametrize(
    ("target", "reason"),
    [("gone.txt", "No such file or directory"), ("x" * 300, "File name too long")],
)
def test_a_file_that_cannot_be_looked_at_does_not_cost_the_others(tmp_path, target, reason):
    make(tmp_path, "a.txt", "c.txt")
    (tmp_path / "b.txt").symlink_to(target)
    first, unread, last = find_sources([tmp_path]).sources
    assert (first.id, last.id) == ("a.txt", "c.txt")
    assert unread == Unusable((tmp_path / "b.txt").as_posix(), f"cannot be read: {reason}")


def test_a_file_that_vanishes_while_a_folder_is_searched_is_unusable(tmp_path, monkeypatch):
    make(tmp_path, "a.txt", "b.csv", "c.txt")
    monkeypatch.setattr("stance.files.sources.first_columns", lambda path, *_: path.unlink() or ())
    assert [type(source) for source in find_sources([tmp_path]).sources] == [
        Source,
        Unusable,
        Source,
    ]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_pipe_in_a_folder_is_passed_over(tmp_path):
    make(tmp_path, "a.txt")
    os.mkfifo(tmp_path / "b.txt")
    os.mkfifo(tmp_path / "c.csv")
    assert ids([tmp_path]) == ["a.txt"]


def test_the_size_is_that_of_all_files(tmp_path):
    make(tmp_path, "a.txt", "b.txt", text="12345")
    found = find_sources([tmp_path, tmp_path / "no.txt"])
    assert (found.size, [source.size for source in found.sources[:2]]) == (10, [5, 5])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_pipe_that_is_named_is_unusable(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    [source] = find_sources([tmp_path / "pipe"]).sources
    assert source == Unusable((tmp_path / "pipe").as_posix(), NOT_A_FILE)


def test_tables_of_a_folder_that_hold_labels_are_left_out(tmp_path):
    make(tmp_path, "labels.jsonl", text='{"text": "a", "frames": {}}\n')
    make(tmp_path, "labels.csv", text="text,frames\na,\n")
    make(tmp_path, "articles.jsonl", text='{"text": "a"}\n')
    assert ids([tmp_path]) == ["articles.jsonl"]
    assert set(left_out([tmp_path])) == {"labels.jsonl", "labels.csv"}


def test_files_of_other_types_are_left_out_of_a_folder(tmp_path):
    make(tmp_path, "a.txt", "b.pdf", "noname")
    assert ids([tmp_path]) == ["a.txt"]
    assert set(left_out([tmp_path])) == {"b.pdf", "noname"}


def test_files_of_a_folder_without_a_suffix_hold_what_the_user_says(tmp_path):
    (tmp_path / "0001").write_text("text")
    (tmp_path / "a.pdf").write_bytes(b"%PDF")
    assert find_sources([tmp_path]).left_out == (
        LeftOut((tmp_path / "0001").as_posix(), "not of a type that is read"),
        LeftOut((tmp_path / "a.pdf").as_posix(), "not of a type that is read", even_named=True),
    )
    found = find_sources([tmp_path], input_format="html")
    assert [(source.id, source.kind) for source in found.sources] == [("0001", "html")]
    assert len(found.left_out) == 1


def test_a_link_to_a_folder_is_not_followed_and_listed(tmp_path):
    (tmp_path / "articles").mkdir()
    (tmp_path / "articles" / "2021").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "articles" / ".hidden").symlink_to(tmp_path, target_is_directory=True)
    link = (tmp_path / "articles" / "2021").as_posix()
    found = find_sources([tmp_path / "articles"])
    assert found.left_out == (LeftOut(link, "a link to a folder"),)


def test_a_file_that_is_named_itself_is_read(tmp_path):
    make(tmp_path, "README.md", "noname")
    found = find_sources([tmp_path / "README.md", tmp_path / "noname"])
    assert [source.kind for source in found.sources] == ["text", "text"]
    assert found.left_out == ()


def test_the_result_and_its_side_files_are_left_out_of_their_own_folder(tmp_path):
    make(tmp_path, "a.txt", *RESULT)
    assert ids([tmp_path], output=tmp_path / "out.jsonl") == ["a.txt"]


@pytest.mark.parametrize("name", ["a.csv", "a.txt"])
def test_an_input_is_not_replaced_by_the_result(tmp_path, name):
    make(tmp_path, name, "b.csv", text="text\nSome text.\n")
    with pytest.raises(OutputError, match="is read and would be replaced; choose another name"):
        find_sources([tmp_path / name, tmp_path / "b.csv"], output=tmp_path / name)
    with pytest.raises(OutputError, match="is read and would be replaced"):
        find_sources([tmp_path], output=tmp_path / name)


def test_labels_that_people_gave_are_not_replaced_and_a_result_is(tmp_path):
    gold = tmp_path / "gold.csv"
    make(tmp_path, "gold.csv", text="text,frames\nSome text.,trade:favor\n")
    with pytest.raises(OutputError, match="is read and would be replaced"):
        find_sources([gold], output=gold)
    make(tmp_path, "gold.csv", text="text,frames,p_trade\nSome text.,trade:favor,0.9\n")
    assert find_sources([gold], output=gold).sources == ()


def test_an_input_that_a_link_leads_to_is_not_replaced(tmp_path):
    make(tmp_path, "a.csv", text="text\nSome text.\n")
    (tmp_path / "link.csv").symlink_to(tmp_path / "a.csv")
    with pytest.raises(OutputError, match=r"link\.csv is read and would be replaced"):
        find_sources([tmp_path / "link.csv"], output=tmp_path / "a.csv")


def test_an_input_of_another_name_that_is_the_same_file_is_not_replaced(tmp_path):
    make(tmp_path, "Table.csv", text="text\nSome text.\n")
    # As Table.csv and table.csv are on a Mac.
    (tmp_path / "table.csv").hardlink_to(tmp_path / "Table.csv")
    with pytest.raises(OutputError, match=r"Table\.csv is read and would be replaced"):
        find_sources([tmp_path / "Table.csv"], output=tmp_path / "table.csv")


def test_what_matches_a_pattern_comes_in_the_order_of_folders(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make(tmp_path, "a/10/t.txt", "a/1/t.txt", "a/1-x/t.txt")
    assert ids(["a/*/*.txt"]) == ["a/1/t.txt", "a/1-x/t.txt", "a/10/t.txt"]
    assert ids([tmp_path / "a"]) == ["1/t.txt", "1-x/t.txt", "10/t.txt"]


@pytest.mark.parametrize("pattern", ["*", "**/*"])
def test_the_result_and_its_side_files_are_left_out_of_a_pattern(tmp_path, monkeypatch, pattern):
    monkeypatch.chdir(tmp_path)
    make(tmp_path, "a.txt", "out.jsonl.txt", *RESULT)
    found = find_sources([pattern], output="out.jsonl")
    assert [source.id for source in found.sources] == ["a.txt", "out.jsonl.txt"]
    assert {left.path for left in found.left_out} >= {name for name in RESULT if "/" not in name}


@pytest.mark.parametrize("name", RESULT)
def test_what_belongs_to_the_result_is_left_out_even_where_it_is_named(tmp_path, name):
    make(tmp_path, name, "out.jsonl.run.json")
    found = find_sources([tmp_path / name], output=tmp_path / "out.jsonl")
    assert found.sources == ()
    [left] = found.left_out
    assert (left.path, left.reason) == (
        (tmp_path / name).as_posix(),
        "the result, or what lies beside it",
    )


def test_what_lies_in_a_folder_of_results_is_left_out(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make(tmp_path, "a.jsonl", "out/part-0.jsonl", "out/_blocks/0.skipped.jsonl")
    assert ids(["**/*.jsonl"], output="out") == ["a.jsonl"]
    assert ids(["*"], output="out") == ["a.jsonl"]
    assert ids(["a.jsonl", "out/part-0.jsonl"], output="out") == ["a.jsonl"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [("a.txt.gz", "text"), ("a.HTML", "html"), ("a.tsv.bz2", "tsv"), ("b.1.jsonl.xz", "jsonl")],
)
def test_the_kind_of_a_file_is_told_by_its_suffix(tmp_path, name, kind):
    make(tmp_path, name)
    [source] = find_sources([tmp_path / name]).sources
    assert source.kind == kind


def test_a_file_of_an_unknown_type_that_is_named_is_unusable(tmp_path):
    make(tmp_path, "a.pdf")
    [source] = find_sources([tmp_path / "a.pdf"]).sources
    assert source.id == (tmp_path / "a.pdf").as_posix()
    assert source.reason == (
        "is of a type that is not read (.pdf); "
        "expected .txt .md .html .htm .csv .tsv .jsonl .parquet, or for plain text "
        "--input-format text"
    )


def test_files_without_a_known_suffix_hold_what_the_user_says(tmp_path):
    make(tmp_path, "a.pdf", "noname", "b.txt")
    names = [tmp_path / name for name in ("a.pdf", "noname", "b.txt")]
    found = find_sources(names, input_format="html")
    assert [source.kind for source in found.sources] == ["html", "html", "text"]


def test_a_file_that_does_not_exist_is_unusable_and_the_others_stay(tmp_path):
    make(tmp_path, "a.txt")
    missing, found = find_sources([tmp_path / "no.txt", tmp_path / "a.txt"]).sources
    assert isinstance(missing, Unusable)
    assert isinstance(found, Source)


@pytest.mark.parametrize("name", ["x" * 300, "They met? " * 600, "x/" * 3000])
def test_a_text_that_is_given_for_a_name_is_unusable(name):
    [source] = find_sources([name]).sources
    assert source == Unusable(name, "cannot be read: File name too long")


@pytest.mark.parametrize("name", ["*/" * 2000, "\0/*", "\ud800/*"])
def test_a_pattern_that_no_name_can_match_is_unusable(name):
    [source] = find_sources([name]).sources
    assert source.reason == "cannot be read: no file can have such a name"


def test_a_name_that_no_file_can_have_is_unusable():
    [source] = find_sources(["a\0b\ud800"]).sources
    assert source == Unusable("a\ufffdb\\ud800", "does not exist")


def test_patterns_are_expanded(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make(tmp_path, "b.txt", "a.txt", "c/d.txt", "e.md")
    assert ids(["**/*.txt"]) == ["a.txt", "b.txt", "c/d.txt"]


def test_patterns_go_into_every_folder_but_hidden_ones(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make(tmp_path, "n1/a.txt", "n1/x/y/b.txt", "n2/c.txt", "n1/.git/d.txt", "o/e.txt")
    assert ids(["n?/**/*.txt"]) == ["n1/a.txt", "n1/x/y/b.txt", "n2/c.txt"]
    assert ids(["n1/*/**/b.*"]) == ["n1/x/y/b.txt"]
    assert ids(["*/[ce].txt"]) == ["n2/c.txt", "o/e.txt"]


def test_a_folder_whose_name_reads_like_a_pattern_is_searched(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make(tmp_path, "n/[a]/b.txt")
    assert ids(["**/*.txt"]) == ["n/[a]/b.txt"]


def test_a_pattern_may_match_folders_that_are_read_whole(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make(tmp_path, "n1/x/a.txt", "n2/b.txt", "o/c.txt")
    assert ids(["n*"]) == ["n1/x/a.txt", "n2/b.txt"]


def test_a_pattern_that_matches_nothing_is_unusable(tmp_path):
    [source] = find_sources([str(tmp_path / "*.txt")]).sources
    assert source.reason == "matches no file"


def test_a_file_named_twice_is_read_once(tmp_path):
    make(tmp_path, "a.txt")
    assert len(ids([tmp_path, tmp_path / "a.txt"])) == 1


def test_a_file_name_that_is_not_text_gives_an_id_that_is(tmp_path):
    name = os.fsencode(tmp_path) + b"/a\xff.txt"
    Path(os.fsdecode(name)).write_bytes(b"text")
    Path(os.fsdecode(name.replace(b"\xff", b"\xfe"))).write_bytes(b"text")
    # No two of them become alike.
    assert ids([tmp_path]) == [r"a\udcfe.txt", r"a\udcff.txt"]


def test_a_suffix_that_is_not_text_is_named_as_text(tmp_path):
    name = os.fsdecode(os.fsencode(tmp_path) + b"/a.\xff")
    Path(name).write_bytes(b"text")
    [source] = find_sources([name]).sources
    assert source.reason.startswith("is of a type that is not read (.\ufffd); expected ")
    assert source.reason.encode()


def test_a_table_whose_first_row_cannot_be_had_does_not_cost_the_others(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    make(tmp_path, "a.txt")
    days = arrow.array([10**12], arrow.timestamp("s"))  # In the year 33,658.
    parquet.write_table(arrow.table({"text": ["a"], "day": days}), tmp_path / "b.parquet")
    assert ids([tmp_path]) == ["a.txt", "b.parquet"]


def test_standard_input_is_text_unless_said_otherwise():
    assert find_sources(["-"]).sources[0].kind == "text"
    assert find_sources(["-"], input_format="jsonl").sources[0].kind == "jsonl"


def test_an_unknown_input_format_is_refused():
    with pytest.raises(InputError, match="docx"):
        find_sources(["-"], input_format="docx")


def test_no_input_is_refused():
    with pytest.raises(InputError, match="no input"):
        find_sources([])


def test_the_fingerprint_changes_with_the_list_of_files(tmp_path):
    make(tmp_path, "a.txt")
    before = find_sources([tmp_path]).fingerprint()
    assert find_sources([tmp_path]).fingerprint() == before
    make(tmp_path, "b.txt")
    assert find_sources([tmp_path]).fingerprint() != before


def test_any_name_has_a_fingerprint(tmp_path):
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/a\xff.txt")).write_bytes(b"text")
    assert len(find_sources([tmp_path]).fingerprint()) == 64


@pytest.mark.parametrize("inputs", [3, None, "a.txt", b"a.txt", Path("a.txt")])
def test_what_is_no_list_of_inputs_is_refused(inputs):
    with pytest.raises(InputError, match=r"^the inputs are .*a?.*; expected a list of paths"):
        find_sources(inputs)


@pytest.mark.parametrize("given_input", [None, 3, b"a.txt", ["a.txt"]])
def test_an_input_that_is_no_path_is_refused(given_input):
    with pytest.raises(InputError) as raised:
        find_sources(["a.txt", given_input])
    assert str(raised.value).startswith(f"one input is {given_input!r}; expected a path")


def test_an_output_that_is_no_path_is_refused():
    with pytest.raises(InputError, match=r"^the output is 3; expected the path of a file$"):
        find_sources(["a.txt"], output=3)
