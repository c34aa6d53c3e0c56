"""Inputs as a user names them → the files to read, in a stable order."""

from __future__ import annotations

import fnmatch
import glob
import hashlib
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from stance.errors import InputError, OutputError
from stance.files.compression import COMPRESSED
from stance.files.resuming import SIDE_FILES, beside
from stance.files.tables import TABLES, first_columns
from stance.files.text import NOT_A_FILE, clean
from stance.results import is_scored

__all__ = ["KINDS", "STDIN", "Inputs", "LeftOut", "Source", "Unusable", "find_sources", "kind_of"]

#: What the files are, by suffix; a compressed file by the suffix before the last.
KINDS = {
    ".txt": "text",
    ".md": "text",
    ".html": "html",
    ".htm": "html",
    ".csv": "csv",
    ".tsv": "tsv",
    ".jsonl": "jsonl",
    ".parquet": "parquet",
}
#: The document id of standard input.
STDIN = "stdin"

# README_de.md and codebook-2.md too, but no more than NOTICE.txt: an article may well be called
# "Notice of war".
_NOTE = re.compile(r"(README|CODEBOOK)([._-].*)?|(LICENSE|CHANGELOG|NOTICE)(\..*)?", re.I | re.S)
_UNREAD_TYPE = "not of a type that is read"
_OWN = tuple(f"*.{name}" for name in SIDE_FILES)


@dataclass(frozen=True)
class Source:
    """One file to read; ``path`` is None for standard input.

    Attributes:
        id: the document's id, or for a table what the ids of its rows begin with.
        kind: ``text``, ``html``, ``csv``, ``tsv``, ``jsonl`` or ``parquet``.
        size: bytes on disk, 0 where that is not known.
    """

    path: Path | None
    id: str
    kind: str
    size: int = 0


@dataclass(frozen=True)
class LeftOut:
    """A file that is plainly no article, and why it was left out.

    Attributes:
        even_named: it is left out also where it is named itself.
    """

    path: str
    reason: str
    even_named: bool = False


@dataclass(frozen=True)
class Unusable:
    """A named input that nothing can be read from, and why."""

    id: str
    reason: str


@dataclass(frozen=True)
class Inputs:
    """What was found: the files in the order in which they are read, and what was not taken."""

    sources: tuple[Source | Unusable, ...]
    left_out: tuple[LeftOut, ...] = field(default=())

    @property
    def size(self) -> int:
        """Bytes on disk of all files."""
        return sum(source.size for source in self.sources if isinstance(source, Source))

    def fingerprint(self) -> str:
        """Return a digest of the list: names, kinds and sizes, in order."""
        digest = hashlib.sha256()
        for source in self.sources:
            digest.update(repr(source).encode("utf-8", "backslashreplace"))
        return digest.hexdigest()


def find_sources(
    inputs: Iterable[str | Path],
    *,
    input_format: str | None = None,
    output: str | Path | None = None,
) -> Inputs:
    """Find the files that ``inputs`` name: files, folders, patterns, or ``-`` for standard input.

    A folder is read recursively, sorted by name, without hidden files and unfinished results. Of
    its files, notes (``README.md``, ``CODEBOOK.md``, ...), tables that hold labels already, and
    what is of another type are left out, and listed; a file that is named itself is always read.
    The ids of the documents of a single folder are relative to it, all others are as named.

    Args:
        inputs: paths and patterns.
        input_format: ``text``, ``html``, ``csv``, ``tsv`` or ``jsonl``: what standard input and
            files without a known suffix hold. Text by default.
        output: a result file, left out of the folder that it may lie in, with what lies beside it.

    Raises:
        InputError: ``inputs`` is empty or no list of paths, ``output`` is none, or ``input_format``
            is unknown.
        OutputError: the output is among the inputs, and no earlier result.
    """
    named = _named(inputs)
    if output is not None and not isinstance(output, (str, os.PathLike)):
        raise InputError(f"the output is {output!r:.80}; expected the path of a file")
    if not named:
        raise InputError("no input was named; expected files, folders, patterns or - (stdin)")
    if not all(named):
        raise InputError('one input is the empty name ""; expected files, folders, patterns or -')
    if input_format is not None and input_format not in set(KINDS.values()) - {"parquet"}:
        raise InputError(
            f"unknown input format {input_format!r}; expected text, html, csv, tsv or jsonl"
        )
    finder = _Finder(
        input_format, None if output is None else Path(output), relative=len(named) == 1
    )
    for name in named:
        finder.add(name)
    return Inputs(tuple(finder.sources), tuple(finder.left_out))


def _named(inputs: Iterable[str | Path]) -> list[str]:
    if isinstance(inputs, (str, bytes, os.PathLike)) or not isinstance(inputs, Iterable):
        raise InputError(f"the inputs are {inputs!r:.80}; expected a list of paths: [path]")
    named: list[str] = []
    for given in inputs:
        if not isinstance(given, (str, os.PathLike)):
            raise InputError(f"one input is {given!r:.80}; expected a path, as str or pathlib.Path")
        named.append(os.fspath(given))
    return named


class _Finder:
    def __init__(self, input_format: str | None, output: Path | None, *, relative: bool) -> None:
        self.sources: list[Source | Unusable] = []
        self.left_out: list[LeftOut] = []
        self._input_format = input_format
        self._output = output
        # Of every input it is asked whether it is this file, by whichever name and in whatever
        # case: a Mac has files whose names differ in neither.
        self._replaced = _status(output)
        self._results, self._result_folders = _results(output)
        self._written_to = _standard_streams()
        self._relative = relative
        self._seen: set[str] = set()

    def add(self, name: str) -> None:
        try:
            self._add(name)
        except (OSError, ValueError, RecursionError) as error:  # Text in the place of a name.
            reason = getattr(error, "strerror", None) or "no file can have such a name"
            self.sources.append(Unusable(clean(name), f"cannot be read: {reason}"))

    def _add(self, name: str) -> None:
        path = Path(name)
        if name == "-":
            self.sources.append(Source(None, STDIN, self._input_format or "text"))
        elif path.is_dir():
            self._add_folder(path)
        elif path.exists() or not glob.has_magic(name):
            self._add_file(path)
        elif matches := set(_matches(name.replace(os.sep, "/"), self._unread)):
            self._relative = False
            for match in sorted(matches, key=lambda match: PurePath(match).parts):
                self.add(match)
        else:
            self.sources.append(Unusable(clean(name), "matches no file"))

    def _add_file(self, path: Path) -> None:
        document_id = _shown(path)
        if self._is_output(path):
            self._keep_input(path)
            reason = "the result, or what lies beside it"
            self.left_out.append(LeftOut(document_id, reason, even_named=True))
            return
        if not path.exists():
            self.sources.append(Unusable(document_id, "does not exist"))
            return
        if not path.is_file():
            self.sources.append(Unusable(document_id, NOT_A_FILE))
            return
        kind = kind_of(path) or self._input_format or ("" if _suffixes(path) else "text")
        if not kind:
            expected = " ".join(KINDS)
            found = clean(_suffixes(path)[-1])
            reason = (
                f"is of a type that is not read ({found}); expected {expected}, or for plain text "
                "--input-format text"
            )
            self.sources.append(Unusable(document_id, reason))
            return
        self._take(path, document_id, kind)

    def _add_folder(self, folder: Path) -> None:
        files, linked = _walk(folder, self._unread)
        self.left_out += [LeftOut(_shown(path), "a link to a folder") for path in linked]
        for path in files:
            if self._is_output(path):
                self._keep_input(path)
                continue
            given = "" if _suffixes(path) else self._input_format or ""
            if reason := _why_left_out(path, given):
                typed = reason == _UNREAD_TYPE and bool(_suffixes(path))
                self.left_out.append(LeftOut(_shown(path), reason, even_named=typed))
                continue
            document_id = _shown(path.relative_to(folder) if self._relative else path)
            try:
                self._take(path, document_id, kind_of(path) or given)
            except OSError as error:  # It is gone, or a link to where nobody may look.
                self._unread(error)

    def _take(self, path: Path, document_id: str, kind: str) -> None:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # A pipe or a device of a folder.
            return
        if (status.st_dev, status.st_ino) in self._written_to:
            reason = "what is written to standard output or standard error"
            self.left_out.append(LeftOut(document_id, reason, even_named=True))
            return
        self._keep_input(path)
        real = os.path.realpath(path)
        if real in self._seen:
            return
        self._seen.add(real)
        self.sources.append(Source(path, document_id, kind, status.st_size))

    def _unread(self, error: OSError) -> None:
        name = _shown(Path(error.filename))
        unread = Unusable(name, f"cannot be read: {error.strerror}")
        if unread not in self.sources:  # Patterns and folders may lead there again.
            self.sources.append(unread)

    def _keep_input(self, path: Path) -> None:
        """Refuse to replace what is to be labelled, and no earlier result."""
        output, replaced, given = self._output, self._replaced, _status(path)
        if output is None or replaced is None or given is None:
            return
        if not os.path.samestat(given, replaced) or not stat.S_ISREG(given.st_mode):
            return
        if not given.st_size or beside(output, "run.json").exists():
            return
        if not _is_result(path):
            raise OutputError(f"{path} is read and would be replaced; choose another name for it")

    def _is_output(self, path: Path) -> bool:
        """Say whether a file is the result, lies beside it, or in the folder that it is."""
        if not self._results:
            return False
        place = _placed(path)
        return place in self._results or not self._result_folders.isdisjoint(place.parents)


def _status(path: Path | None) -> os.stat_result | None:
    if path is not None:
        with suppress(OSError, ValueError):
            return path.stat()
    return None


def _results(output: Path | None) -> tuple[frozenset[Path], frozenset[Path]]:
    """Return the files that are a result or lie beside it, and the folders that hold one."""
    if output is None:
        return frozenset(), frozenset()
    place = _placed(output)
    belonging = {beside(place, name) for name in (*SIDE_FILES, "run.json")}
    return frozenset({place, *belonging}), frozenset({place, beside(place, "partial")})


def _standard_streams() -> frozenset[tuple[int, int]]:
    """Return the files that standard output and standard error are written to."""
    found = set()
    for handle in (1, 2):
        with suppress(OSError):  # It is closed.
            status = os.fstat(handle)
            if stat.S_ISREG(status.st_mode):
                found.add((status.st_dev, status.st_ino))
    return frozenset(found)


def _placed(path: Path) -> Path:
    """Return where a file itself lies, whichever links and dots lead to its folder."""
    return Path(os.path.realpath(path.parent), path.name)


def _shown(path: PurePath) -> str:
    r"""Return a path as text; a byte that is none as ``\udcNN``, so that no two become alike."""
    return clean(path.as_posix().encode("utf-8", "backslashreplace").decode("utf-8"))


def kind_of(path: Path) -> str:
    """Return what a file holds, by its suffix; empty where the suffix is not known."""
    suffixes = _suffixes(path)
    return KINDS.get(suffixes[-1], "") if suffixes else ""


def _is_result(path: Path) -> bool:
    """Say whether a model made the first row of a table."""
    kind = kind_of(path)
    return kind in TABLES and is_scored(first_columns(path, kind))


def _why_left_out(path: Path, given: str) -> str:
    """Say why a file of a folder is not an article; empty where it may be one.

    ``given`` is what it holds if its name does not tell.
    """
    if _NOTE.fullmatch(path.name):
        return "a note, not an article"
    kind = kind_of(path) or given
    if not kind:
        return _UNREAD_TYPE
    own = any(fnmatch.fnmatchcase(path.name, pattern) for pattern in _OWN)
    if kind in TABLES and (own or "frames" in first_columns(path, kind)):
        return "holds labels or results already"
    return ""


def _matches(pattern: str, unread: Callable[[OSError], None]) -> Iterator[str]:
    """Yield what a pattern matches; ``**`` goes into no link, which may lead round in a circle."""
    before, stars, after = pattern.partition("**/")
    if not stars or (before and not before.endswith("/")):
        yield from glob.glob(pattern)  # noqa: PTH207
        return
    for top in glob.glob(before) if before else [""]:  # noqa: PTH207
        for parent, folders, _ in os.walk(top or os.curdir, onerror=unread):
            folders[:] = [name for name in folders if not name.startswith(".")]
            inside = os.path.relpath(parent, top or os.curdir)
            where = os.path.join(top, "" if inside == os.curdir else inside, "")  # noqa: PTH118
            yield from _matches(glob.escape(where) + after, unread)


def _walk(folder: Path, unread: Callable[[OSError], None]) -> tuple[list[Path], list[Path]]:
    """Return the files of a folder, and the links to folders, which may lead round in a circle."""
    found, linked = [], []
    for parent, folders, files in os.walk(folder, onerror=unread):
        folders[:] = [
            name for name in folders if not name.startswith(".") and not name.endswith(".partial")
        ]
        linked += [path for name in folders if (path := Path(parent, name)).is_symlink()]
        found += [Path(parent, name) for name in files if not name.startswith(".")]
    return sorted(found, key=lambda path: path.relative_to(folder).parts), sorted(linked)


def _suffixes(path: PurePath) -> Sequence[str]:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    return suffixes[:-1] if suffixes and suffixes[-1] in COMPRESSED else suffixes
