"""``finetune``: labelled rows → a model folder, checked, measured and described."""

from __future__ import annotations

import logging
import os
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import asdict, replace
from functools import wraps
from importlib.util import find_spec
from pathlib import Path
from threading import RLock
from typing import Any, ParamSpec, TypeVar

from stance.backends.torch import leave_threads_of_parent, quiet_transformers
from stance.codebook import STANCES, Codebook
from stance.decision import Decision
from stance.errors import InputError, MissingExtraError
from stance.evaluation import evaluate
from stance.files import LabelledRow
from stance.finetuning.base_checks import check_base, check_texts
from stance.finetuning.bases import Base, TokenCounts, count_tokens, open_base
from stance.finetuning.card import figure_lines, write_card
from stance.finetuning.checks import Finding, check_rows, find_label_issues, usable_rows
from stance.finetuning.classifier import own_random_numbers
from stance.finetuning.data import (
    GROUP_COLUMN,
    Columns,
    Data,
    choose_codebook,
    digest,
    distinct_ids,
    read_data,
)
from stance.finetuning.fitting import (
    FinetuneProgress,
    HeldOut,
    Task,
    fit_all,
    hold_out,
    task_states,
)
from stance.finetuning.judging import judge, never_compared
from stance.finetuning.plan import make_plan, split_rows
from stance.finetuning.workspace import Workspace
from stance.finetuning.writing import (
    add_onnx,
    write_label_issues,
    write_trained_on,
    write_weights,
)
from stance.model import StanceModel, load
from stance.options import whole_number
from stance.settings import versions_of
from stance.store import ModelFolder

__all__ = ["FinetuneProgress", "finetune"]

_PACKAGES = ("torch", "transformers", "datasets", "accelerate", "scipy")
_RESAMPLES = 1000
_NAMED_ROWS = 100
_AFTER_MEASURING = ("not_compared", "label_errors")
# By process: one that is forked from a training would wait for the end of what it has no part in.
_TURNS: dict[int, AbstractContextManager[bool]] = {}

_Given = ParamSpec("_Given")
_Trained = TypeVar("_Trained")

logger = logging.getLogger("stance.finetune")


def _in_turn(train: Callable[_Given, _Trained]) -> Callable[_Given, _Trained]:
    """Let threads train one after the other: what trains keeps its state in globals."""

    @wraps(train)
    def wait(*arguments: _Given.args, **options: _Given.kwargs) -> _Trained:
        with _TURNS.setdefault(os.getpid(), RLock()):
            return train(*arguments, **options)

    return wait


@_in_turn
def finetune(
    data: Data,
    *,
    output: str | Path,
    base: str | Path | None = None,
    codebook: Codebook | Mapping[str, Any] | str | Path | None = None,
    eval: Data | None = None,
    language: str | None = None,
    group_by: str = GROUP_COLUMN,
    text_column: str = "text",
    frames_column: str = "frames",
    epochs: int | None = None,
    seed: int = 13,
    resume: bool = False,
    force: bool = False,
    progress: Callable[[FinetuneProgress], None] | None = None,
) -> StanceModel:
    """Train a model on labelled rows.

    The rows are checked first. Then the encoder is trained several times, each time with another
    part of the documents held out (once, with a fifth held out, where there are more than 5,000
    rows): the held-out rows choose the number of epochs and give calibration, thresholds, figures
    and the labels that are likely wrong. At last it is trained on all rows. Learning rate, batches
    and class weights follow from the number of rows and the size of the encoder; up to 1,000 rows
    of frames of which the base knows none start from its lower half. The same seed, data and
    machine give the same weights. Threads of one process train one after the other.

    ``output`` appears in one step when all is done. Until then what is done lies in the folder
    ``OUTPUT.partial``, from which ``resume`` goes on to the same weights.

    Args:
        data: a JSONL, CSV, TSV or Parquet file, an export of Label Studio or doccano, or a list of
            them; a ``datasets.Dataset``, a pandas frame, a pyarrow table, or a list of rows such as
            ``{"text": "...", "frames": {"trade": "favor"}}``. A frame with the stance None was
            seen, but its stance was not coded: it is trained for presence only. In a Dataset, a
            table or Parquet of which every row names the same frames, None is an absent one.
        output: the folder of the new model.
        base: None for the shipped model, a model folder, or the folder or Hub id of an encoder.
            Frames that a base model knows keep what they learnt; those without a row are not
            trained, but the encoder that they share with the others is.
        codebook: a Codebook, its file, or what that holds. By default the base's, if it has all the
            rows' frames, and otherwise the rows' frames.
        eval: further rows, never trained on, to measure the finished model on.
        language: of the texts, such as ``de`` (ISO 639): by its rules the model will split articles
            into sentences. By default the base's, or English where that is not known.
        group_by: the column of the document (the outlet, the author, ...) that is never split
            between training and held-out rows; ``id`` splits row by row.
        text_column: where the text is.
        frames_column: where the labels are.
        epochs: exactly so many; chosen on held-out rows by default.
        seed: of everything random, 0 to 4,294,967,295; the caller's own random numbers stay as
            they are.
        resume: go on with a run that was cut off; begin where there is none.
        force: start anew, and replace a model in ``output``.
        progress: called as the work goes on, with findings and figures in its messages. By default
            they go to the logger ``stance.finetune``.

    Returns:
        The model, loaded from ``output``; its figures are in ``model.folder.figures``.

    Raises:
        InputError: the data cannot be trained on, the language is no code, or a number is out of
            range; the message says why.
        CodebookError: a frame or stance that the codebook does not know.
        ModelError: the base cannot be loaded.
        OutputError: the output exists or cannot be written.
        MissingExtraError: the extra ``train`` is not installed.

    >>> import stance
    >>> model = stance.finetune("rows.csv", output="models/trade")  # doctest: +SKIP
    """
    if any(find_spec(package) is None for package in _PACKAGES):
        raise MissingExtraError("fine-tuning", extra="train")
    seed = whole_number("seed", seed, 0, 2**32 - 1)
    epochs = None if epochs is None else whole_number("epochs", epochs, 1, 10_000)
    leave_threads_of_parent()
    workspace = Workspace(Path(output))
    workspace.check(resume=resume, force=force)
    columns = (text_column, frames_column, group_by)
    notes: list[str] = []
    rows = distinct_ids(read_data(data, columns, note=notes.append))
    opened = open_base(base, language=language)
    given = None if codebook is None else Codebook.of(codebook)
    book = choose_codebook(rows, given, opened.codebook)
    separate = [] if eval is None else _read_evaluation_data(eval, columns, book, notes.append)
    findings = [Finding("export", note) for note in notes]
    findings += check_rows(rows, book, held_out=separate)
    findings += check_base(book, opened, rows, separate)
    rows = _usable(rows, separate)
    counts = count_tokens(opened, [row.text for row in rows])
    findings += check_texts(rows, opened, counts)
    task = _make_task(
        rows, book, opened, counts, workspace, epochs=epochs, seed=seed, report=progress or _log
    )
    settings = _settings(task, separate)
    if workspace.finished(settings, resume=resume):
        task.tell("done", 1.0, f"{output} is there already, of the same rows and settings")
        return load(workspace.output)
    with closing(workspace):
        workspace.open(settings, force=force)
        with quiet_transformers(), own_random_numbers():
            told = [finding.message for finding in findings]
            task.tell("checking", 0.0, *told, task.plan.describe())
            _train_and_write(task, separate, findings, settings)
    return load(workspace.output)


def _train_and_write(
    task: Task, separate: list[LabelledRow], findings: list[Finding], settings: dict[str, Any]
) -> None:
    held_out = hold_out(task)
    decision, figures = judge(task, held_out, resamples=_RESAMPLES)
    measured_badly = _not_compared(task, held_out)
    findings = [*findings, *measured_badly, *_label_errors(task, held_out, decision)]
    share = task.plan.held_out / (task.plan.held_out + 1)
    lines = figure_lines(figures, "held out")
    new = [finding.message for finding in findings if finding.kind in _AFTER_MEASURING]
    task.tell("measured", share, *lines, *new)
    classifier = fit_all(task, held_out.epochs)
    task.tell("writing", 1.0)
    folder = ModelFolder(
        path=task.workspace.model,
        name=task.workspace.output.resolve().name,
        version="1",
        language=task.base.language,
        codebook=task.codebook,
        decision=decision,
        max_length=task.plan.recipe.max_length,
        figures={"held_out": figures.to_dict()},
    )
    with task.workspace.writing():
        write_weights(classifier, folder.path, name=folder.name)
        write_trained_on(folder.path, task.rows, task.base)
    findings += _add_onnx(classifier, folder, task)
    folder = replace(folder, training=_describe(task, held_out, findings, settings)).write()
    # What there is to say of these rows was said before the training.
    measured = evaluate(folder.path, separate, note=logger.debug) if separate else None
    if measured is not None:
        both = {**folder.figures, "evaluation": measured.to_dict()}
        folder = replace(folder, figures=both).write()
        task.tell("measured", 1.0, *figure_lines(measured, "on the evaluation data"))
    with task.workspace.writing():
        write_card(folder, figures, measured, findings)
    task.workspace.place()
    chosen = f"{held_out.epochs} epochs" + (" (chosen)" if task.plan.choose_epochs else "")
    task.tell("done", 1.0, f"trained for {chosen}; written: {task.workspace.output}")


def _read_evaluation_data(
    data: Data, columns: Columns, codebook: Codebook, note: Callable[[str], None]
) -> list[LabelledRow]:
    """Read them, and say of an error that it is there: rows may be named as in the other set."""
    try:
        rows = read_data(data, columns, note=note)
        choose_codebook(rows, codebook, None)
    except InputError as error:
        raise type(error)(f"evaluation data: {error}") from error
    return rows


def _usable(rows: Sequence[LabelledRow], separate: Sequence[LabelledRow]) -> list[LabelledRow]:
    usable = usable_rows(rows, separate)
    if not usable:
        raise InputError(
            f"none of the {len(rows):,} rows can be trained on: their texts have no letter or "
            "digit, or are in the evaluation data too"
        )
    return usable


def _make_task(
    rows: list[LabelledRow],
    codebook: Codebook,
    base: Base,
    counts: TokenCounts,
    workspace: Workspace,
    *,
    epochs: int | None,
    seed: int,
    report: Callable[[FinetuneProgress], None],
) -> Task:
    carried = {frame for row in rows for frame in row.frames}
    known = base.codebook.names if base.codebook else ()
    for name in codebook.names:
        if name not in carried and name not in known:
            raise InputError(
                f"no row carries the frame {name}, and the base does not know it; label some rows "
                "with it, or take it out of the codebook"
            )
    if not carried:
        raise InputError("none of the rows that can be trained on has a frame")
    states = task_states(rows, codebook)
    plan = make_plan(
        rows, states, base, frames=codebook.names, tokens=counts.tokens, epochs=epochs, seed=seed
    )
    part = split_rows(rows, states, plan)
    return Task(rows, states, part, codebook, base, plan, workspace, report, time.monotonic())


def _settings(task: Task, separate: Sequence[LabelledRow]) -> dict[str, Any]:
    """Return all that the model depends on, but the machine."""
    return {
        "rows": digest(task.rows),
        "evaluation data": digest(separate),
        "codebook": task.codebook.to_dict(),
        "base": task.base.checksums(),
        "language": task.base.language,
        "settings": asdict(task.plan),
        "versions": versions_of("stance", "torch", "transformers"),
    }


def _not_compared(task: Task, held_out: HeldOut) -> list[Finding]:
    """Say of which frames the held-out figures say nothing."""
    return [
        Finding(
            "not_compared",
            f"the rows that carry {task.codebook.names[column]} were all held out together, as "
            "those of one document are, so its figures say nothing of the model, and its threshold "
            "was not fitted; label the frame in other documents too",
        )
        for column in sorted(never_compared(task, held_out))
    ]


def _label_errors(task: Task, held_out: HeldOut, decision: Decision) -> list[Finding]:
    """Write down the labels that the held-out predictions contradict."""
    unknown = never_compared(task, held_out)  # No training could learn these.
    compared = [column for column in task.judged if column not in unknown]
    if not compared:
        return []
    issues = find_label_issues(
        task.states[held_out.rows][:, compared],
        decision.probabilities(held_out.logits)[:, compared],
        Codebook(tuple(task.codebook.frames[column] for column in compared)),
        [decision.thresholds[column] for column in compared],
    )
    if not issues:
        return []
    rows = [task.rows[row] for row in held_out.rows]
    with task.workspace.writing():
        write_label_issues(task.workspace.label_errors, issues, rows)
    first = issues[0]
    message = (
        f"{len(issues):,} labels of the {len(rows):,} held-out rows may be wrong, above all "
        f"{first.frame}, {first.given} in {rows[first.row].id} (P {first.probability:.2f}); all "
        f"are in {task.workspace.output.name}.label-errors.jsonl"
    )
    return [Finding("label_errors", message, tuple(rows[issue.row].id for issue in issues))]


def _add_onnx(classifier: Any, folder: ModelFolder, task: Task) -> list[Finding]:
    with task.workspace.writing():
        reason = add_onnx(classifier, folder, task.rows)
    if reason is None:
        return []
    message = (
        f"this encoder has no 8-bit ONNX file ({reason}); the model runs with torch, slower on a "
        "CPU, and needs the extra train"
    )
    task.tell("writing", 1.0, message)
    return [Finding("model", message)]


def _describe(
    task: Task, held_out: HeldOut, findings: Sequence[Finding], settings: dict[str, Any]
) -> dict[str, Any]:
    """Return what ``stance.json`` says of the training."""
    plan = task.plan
    if plan.held_out == plan.folds:
        measured = (
            f"Every row was held out once: {plan.folds} trainings, each without a part of the "
            "documents."
        )
    else:
        measured = f"A part of {plan.folds} of the documents was held out of one training."
    chosen = ", the number of epochs on the same" if plan.choose_epochs else ""
    return {
        "base": task.base.name,
        "base_hub_id": task.base.hub_id,
        "rows": len(task.rows),
        "documents": len({row.document for row in task.rows}),
        "frames": _counts(task),
        "not_judged": [
            name for index, name in enumerate(task.codebook.names) if index not in task.judged
        ],
        "plan": plan.describe(),
        "epochs": held_out.epochs,
        "measured": (
            f"{measured} Calibration and thresholds were fitted on other held-out rows than those "
            f"measured{chosen}; the model itself was then trained on all rows."
        ),
        "findings": [
            {"kind": found.kind, "message": found.message, "rows": list(found.rows[:_NAMED_ROWS])}
            for found in findings
        ],
        "settings": settings,
        "versions": versions_of("stance", "torch", "transformers"),
        "minutes_of_last_run": round((time.monotonic() - task.started) / 60, 1),
    }


def _counts(task: Task) -> dict[str, dict[str, int]]:
    counts = Counter((frame, stance) for row in task.rows for frame, stance in row.frames.items())
    return {
        name: {
            **{stance: counts[name, stance] for stance in STANCES},
            "stance not coded": counts[name, None],
        }
        for name in task.codebook.names
    }


def _log(progress: FinetuneProgress) -> None:
    for message in progress.messages:
        logger.log(logging.WARNING if progress.stage == "checking" else logging.INFO, message)
