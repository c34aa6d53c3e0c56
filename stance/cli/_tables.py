"""Results on a terminal: the sentences of a document, and the overview of a job."""

from __future__ import annotations

from collections import Counter
from textwrap import wrap

from rich.console import Console
from rich.table import Table
from rich.text import Text

from stance.cli._shared import MAX_NAMED, one_line, plain_table, plural, say_failures
from stance.files.report import DocumentSummary, LabelReport
from stance.results import DocumentResult, FrameSummary, SentenceResult, telling_words

__all__ = ["print_document", "print_notes", "print_overview"]

#: How a stance is written beside its frame, one that the model does not tell as a blank; "?" is a
#: frame whose decision was withheld.
SIGNS = {"favor": "+", "neutral": "o", "against": "-", None: " "}

_STYLES = {" ": "cyan", "+": "green", "o": "cyan", "-": "red", "?": "yellow"}
_MAX_DOCUMENTS = 40
_MAX_SKIPPED = 6
_FRAME_WIDTH = 30
# Of the words that carry a frame, so many are shown, of each so many characters.
_MAX_WORDS, _MAX_LETTERS = 3, 24


def print_document(out: Console, result: DocumentResult) -> None:
    """Print one document: its sentences in a table, then what was skipped."""
    out.print(Text(one_line(result.id), style="bold"))
    table = plain_table()
    table.add_column("#", justify="right", style="dim")
    table.add_column("sentence", ratio=1, overflow="fold")
    table.add_column("frames, P", max_width=_FRAME_WIDTH, overflow="fold")
    for sentence in result.sentences:
        table.add_row(str(sentence.index + 1), one_line(sentence.text), _frames(sentence))
    if result.sentences:
        out.print(table)
    _print_skipped(out, result)
    out.print()


def print_overview(out: Console, report: LabelReport) -> None:
    """Print how the documents use the frames, and where the result is."""
    if not report.documents:
        return
    fits = len(report.frames) * 12 + 34 <= max(out.width, 82)
    out.print(_by_document(report, out.width) if fits else _by_frame(report))
    legend = (
        "share of the sentences that carry the frame, and the balance of their stances: "
        "+1 all in favor, -1 all against"
    )
    if _withheld(report):
        legend += "; 20-30%: at least 20%, and 10% more are left open"
    out.print(Text(legend, style="dim"))
    done = f"{plural(report.sentences, 'sentence')} of {plural(report.documents, 'document')}"
    before = f", {report.resumed:,} of them by an earlier run" if report.resumed else ""
    out.print(f"labelled {done}{before}, in {report.seconds:,.1f} s", soft_wrap=True)
    if report.output is not None:
        out.print(f"result: {one_line(str(report.output))}", soft_wrap=True)


def print_notes(out: Console, report: LabelReport) -> None:
    """Print what was skipped and left out; name on stderr what failed."""
    if report.skipped:
        found = Counter(report.skipped).most_common()
        counts = ", ".join(f"{number:,} {reason}" for reason, number in found)
        where = f": {one_line(str(report.skipped_file))}" if report.skipped_file else ""
        total = sum(report.skipped.values())
        out.print(f"skipped {plural(total, 'part')} ({counts}){where}", soft_wrap=True)
    left_out: dict[tuple[str, bool], list[str]] = {}
    for left in report.left_out:
        left_out.setdefault((left.reason, left.even_named), []).append(one_line(left.path))
    for (reason, even_named), names in left_out.items():
        advice = "" if even_named else "; what is named itself is labelled"
        out.print(f"left out {_first(names, len(names))} ({reason}){advice}", soft_wrap=True)
    for remark, of in report.remarks.items():
        first = _first(list(map(one_line, of.first)), of.documents)
        out.print(f"{plural(of.documents, 'document')} {remark}: {first}", soft_wrap=True)
    say_failures(report.failures, failed=report.failed, where=report.errors_file)


def _first(names: list[str], number: int) -> str:
    """Return the first names of so many."""
    more = f", …, {number:,} in all" if number > MAX_NAMED else ""
    return ", ".join(names[:MAX_NAMED]) + more


def _frames(sentence: SentenceResult) -> Text:
    lines = [(SIGNS[stance], frame) for frame, stance in sentence.frames.items()]
    lines += [("?", frame) for frame in sentence.uncertain]
    text = Text()
    for sign, frame in lines:
        text.append("\n" if text else "")
        text.append(f"{sign} {frame} {sentence.probabilities[frame]:.2f}", style=_STYLES[sign])
        for line in _words(sentence, frame):
            text.append(f"\n{line}", style="dim")
    return text


def _words(sentence: SentenceResult, frame: str) -> list[str]:
    """List the words that carry a frame most, where the sentence was explained."""
    words = (sentence.explanations or {}).get(frame)
    if words is None:
        return []
    telling = [one_line(word.text) for word in telling_words(words, _MAX_WORDS)]
    cut = [w if len(w) <= _MAX_LETTERS else f"{w[: _MAX_LETTERS - 1]}…" for w in telling]
    listed = ", ".join(cut) or "no single word"
    return wrap(listed, _FRAME_WIDTH, initial_indent="  ", subsequent_indent="  ")


def _print_skipped(out: Console, result: DocumentResult) -> None:
    for skipped in result.skipped[:_MAX_SKIPPED]:
        line = Text(f"skipped ({skipped.reason}): {one_line(skipped.text)}", style="dim")
        line.truncate(out.width, overflow="ellipsis")
        out.print(line)
    if len(result.skipped) > _MAX_SKIPPED:
        out.print(Text(f"skipped {len(result.skipped) - _MAX_SKIPPED:,} more", style="dim"))


def _by_document(report: LabelReport, width: int) -> Table:
    headings = ["sentences", *(frame.replace("_", " ") for frame in report.frames)]
    least = 12 if _withheld(report) else 9
    widths = [max(least, *map(len, heading.split())) for heading in headings]
    table = plain_table(gap=1)
    left = max(8, width - sum(widths) - len(widths))
    table.add_column("document", no_wrap=True, overflow="ellipsis", max_width=left)
    for heading, needed in zip(headings, widths, strict=True):
        table.add_column(heading, justify="right", width=needed)
    for summary in report.summaries[:_MAX_DOCUMENTS]:
        table.add_row(*_cells(one_line(summary.id), summary))
    if report.documents > _MAX_DOCUMENTS:
        table.add_row(f"… {report.documents - _MAX_DOCUMENTS:,} more")
    if report.documents > 1:
        total = DocumentSummary("all", report.sentences, report.frames)
        table.add_row(*_cells("all", total), style="bold")
    return table


def _cells(name: str, summary: DocumentSummary) -> list[str]:
    frames = (_share(frame, summary.sentences) for frame in summary.frames.values())
    return [name, f"{summary.sentences:,}", *frames]


def _by_frame(report: LabelReport) -> Table:
    table = plain_table()
    table.add_column("frame")
    table.add_column("share", justify="right")
    for heading in ("sentences", "favor", "neutral", "against"):
        table.add_column(heading, justify="right")
    for name, frame in report.frames.items():
        counts = (frame.sentences, frame.favor, frame.neutral, frame.against)
        share = _share(frame, report.sentences)
        table.add_row(name, share, *(f"{count:,}" for count in counts))
    return table


def _withheld(report: LabelReport) -> bool:
    return any(frame.uncertain for frame in report.frames.values())


def _share(frame: FrameSummary, sentences: int) -> str:
    balance = "" if frame.balance is None else f" {frame.balance:+.1f}"
    if frame.uncertain:
        most = (frame.sentences + frame.uncertain) / sentences
        return f"{100 * frame.share:.0f}-{most:.0%}{balance}"
    return f"{frame.share:.0%}{balance}" if frame.sentences else "·"
