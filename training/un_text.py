"""Fill in the text of the UN rows, which is not part of this repository.

    python training/un_text.py SPEECHES

SPEECHES is the United Nations General Debate Corpus (Jankin, Baturo and Dasandi; Harvard Dataverse,
doi:10.7910/DVN/0TJX8Y, CC0): the folder of its text files, searched through and named like
CHN_64_2009.txt, or one JSONL file, compressed or not, of {"speech": "CHN_64_2009", "text": "..."}.
Each UN row of data/ points into a speech by offsets, and a checksum says whether the sentence is
the one that was labelled. Where the offsets do not fit (other editions of the corpus differ in
their white space), the speech is split into sentences and searched for the checksum.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from project_files import DATA, read_json_lines


def read_speeches(source: Path) -> dict[str, str]:
    """Return speech name → text, from a folder of text files or one JSONL file."""
    if source.is_dir():
        files = sorted(source.rglob("*_*_*.txt"))
        return {file.stem: file.read_text(encoding="utf-8-sig") for file in files}
    data = source.read_bytes()
    text = (gzip.decompress(data) if source.suffix == ".gz" else data).decode("utf-8")
    rows = (json.loads(line) for line in text.split("\n") if line)
    return {row["speech"]: row["text"] for row in rows}


def fill(pointers: list[dict[str, Any]], speeches: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Yield the pointers whose sentence was found, with its ``text``, white space collapsed."""
    sentences: dict[str, dict[str, str]] = {}
    for row in pointers:
        speech = speeches.get(row["speech"])
        if speech is None:
            continue
        text = collapse_white_space(speech[row["start"] : row["end"]])
        if checksum(text) != row["sha256"]:
            if row["speech"] not in sentences:
                sentences[row["speech"]] = sentences_by_checksum(speech)
            text = sentences[row["speech"]].get(row["sha256"], "")
        if text:
            yield {**row, "text": text}


def sentences_by_checksum(speech: str) -> dict[str, str]:
    """Return checksum → sentence for every sentence of a speech."""
    from stance.sentences import split

    # As it stands, and with its lines put together: editions differ in where they break lines.
    found = {}
    for text in (speech, collapse_white_space(speech)):
        for span in split(text, keep_all=True).sentences:
            sentence = collapse_white_space(text[span.start : span.end])
            found[checksum(sentence)] = sentence
    return found


def collapse_white_space(text: str) -> str:
    """Return a text with one space for every run of white space, and none at its ends."""
    return re.sub(r"\s+", " ", text).strip()


def checksum(text: str) -> str:
    """Return the first 16 hexadecimal digits of the text's SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def read_un_rows(speeches: Path, file: Path = DATA / "un.jsonl") -> list[dict[str, Any]]:
    """Return the UN rows of a file with their text, saying on the way what was not found."""
    pointers = list(read_json_lines(file))
    texts = read_speeches(speeches)
    rows = list(fill(pointers, texts))
    found = {row["id"] for row in rows}
    missing = [row for row in pointers if row["id"] not in found]
    print(f"UN rows: {len(rows):,} of {len(pointers):,} found in {len(texts):,} speeches")
    absent = sorted({row["speech"] for row in missing if row["speech"] not in texts})
    changed = [row["id"] for row in missing if row["speech"] in texts]
    if absent:
        print(f"  speeches not found ({len(absent)}): {', '.join(absent[:10])}")
    if changed:
        print(f"  sentences not found in their speech ({len(changed)}): {', '.join(changed[:10])}")
    return rows


def main() -> None:
    """Write data/un-text.jsonl, which git ignores."""
    if len(sys.argv) != 2 or not Path(sys.argv[1]).exists():
        sys.exit("usage: python training/un_text.py SPEECHES  (a folder of text files, or a JSONL)")
    rows = read_un_rows(Path(sys.argv[1]))
    target = DATA / "un-text.jsonl"
    with target.open("w", encoding="utf-8") as stream:
        for row in rows:
            stream.write(json.dumps(row, ensure_ascii=False) + "\n")
    print(f"written: {target}")


if __name__ == "__main__":
    main()
