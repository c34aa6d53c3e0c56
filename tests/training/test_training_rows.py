"""The training rows: labelled by the codebook, never twice, never split between the folds."""

import sys
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "training"))

from agreement import POINTERS, agreement_cells, codings, earlier, f1, main  # noqa: E402
from corpus import (  # noqa: E402
    FOLDS,
    KEPT_APART,
    authored_rows,
    fold_of,
    kept_apart_rows,
    seed_rows,
)
from project_files import DATA, read_json_lines  # noqa: E402
from un_text import collapse_white_space  # noqa: E402

from stance.codebook import Codebook, Stance  # noqa: E402

FRAMES = set(Codebook.load(ROOT / "training" / "codebook.json").names)
STANCES = {stance.value for stance in Stance}


@pytest.fixture(scope="module")
def rows():
    return [*seed_rows(), *authored_rows(), *kept_apart_rows()]


@pytest.fixture(scope="module")
def pointers():
    return [row for file in POINTERS for row in read_json_lines(DATA / file)]


def test_every_label_is_in_the_codebook(rows, pointers):
    for frames in [*(row.frames for row in rows), *(row["frames"] for row in pointers)]:
        assert set(frames) <= FRAMES
        assert set(frames.values()) <= STANCES


def test_no_id_stands_twice(rows, pointers):
    ids = [*(row.id for row in rows), *(row["id"] for row in pointers)]
    assert len(ids) == len(set(ids))


def test_no_authored_sentence_has_two_labels(rows):
    labels = defaultdict(set)
    for row in rows:
        if row.source != "seeds":
            labels[row.text.casefold()].add(tuple(sorted(row.frames.items())))
    assert all(len(found) == 1 for found in labels.values())


def test_no_sentence_of_an_article_is_among_the_authored_ones(rows):
    articles = {collapse_white_space(row.text).casefold() for row in rows if row.source == "seeds"}
    assert not articles & {row.text.casefold() for row in rows if row.source != "seeds"}


def test_no_sentence_kept_apart_was_trained_on(rows):
    trained = {row.text.casefold() for row in rows if row.source not in KEPT_APART}
    apart = {row.text.casefold() for row in rows if row.source in KEPT_APART}
    assert len(apart) > 2_000
    assert not trained & apart


def test_no_speech_kept_apart_was_trained_on():
    trained = {row["speech"] for row in read_json_lines(DATA / "un.jsonl")}
    apart = {row["speech"] for row in read_json_lines(DATA / "speeches" / "un4.jsonl")}
    assert len(apart) > 200
    assert not trained & apart


def test_no_group_is_split_between_folds(rows):
    folds = defaultdict(set)
    for row in rows:
        folds[row.source, row.group].add(fold_of(row))
    assert all(len(found) == 1 for found in folds.values())
    assert set.union(*folds.values()) == set(range(FOLDS))


def test_every_article_has_a_fold_of_its_own(rows):
    articles = {row.group: fold_of(row) for row in rows if row.source == "seeds"}
    assert sorted(articles.values()) == list(range(FOLDS))


def test_both_codings_are_kept_where_they_differ_from_the_label(pointers):
    differing = [row for row in pointers if "codings" in row]
    assert differing
    for row in differing:
        first, second = codings(row)
        assert not first == second == earlier(row)


def test_the_readme_has_the_agreement_that_the_script_prints(capsys):
    main()
    table = capsys.readouterr().out.strip()
    assert len(table.splitlines()) > 40
    assert f"\n\n{table}\n\n" in (DATA / "README.md").read_text(encoding="utf-8")


def test_agreement_counts_what_both_codings_have():
    pairs = [
        ({"cooperation": "favor"}, {"cooperation": "neutral"}),
        ({"cooperation": "favor"}, {"cooperation": "favor"}),
        ({}, {"cooperation": "favor"}),
    ]
    assert agreement_cells(pairs, "cooperation") == "2 | 3 | 0.80 | 50%"
    assert agreement_cells(pairs, "multipolarity") == "0 | 0 | – | –"
    assert f1(pairs, "cooperation") == 0.8
    assert f1(pairs, "multipolarity") is None


def test_the_oldest_un_rows_carry_what_was_decided_after_they_were_coded_anew(pointers):
    anew = {row["id"]: row for row in read_json_lines(DATA / "un_recoded.jsonl")}
    oldest = {row["id"]: row for row in pointers if row["id"].startswith("un-")}
    assert anew.keys() == oldest.keys()
    for name, row in oldest.items():
        assert ("decided" in anew[name]) == (anew[name]["frames"] != earlier(row))
        assert row["frames"] == anew[name].get("decided", anew[name]["frames"])
        assert row.get("earlier") != row["frames"]


def test_only_the_oldest_un_rows_had_an_earlier_label(pointers):
    changed = [row["id"] for row in pointers if "earlier" in row]
    assert changed
    assert all(name.startswith("un-") for name in changed)
