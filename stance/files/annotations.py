"""What annotation tools read and write: Label Studio's tasks, and its and doccano's exports.

A label is a frame with its stance, ``cooperation:favor``, or a frame alone. In Label Studio it may
also be a choice named ``favor`` (or ``neutral``, ``against``, ``absent``) of a group named
``cooperation``, which is how ``label_studio_config`` sets a project up.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from xml.etree import ElementTree

from stance.codebook import STANCES, STATES, Codebook, Labels, parse_labels
from stance.errors import CodebookError, InputError

__all__ = [
    "SUGGESTED_COLUMN",
    "doccano_labels",
    "is_doccano",
    "is_label_studio",
    "label_studio_annotations",
    "label_studio_config",
    "label_studio_task",
    "refuse_two_labellings",
]

# What doccano puts between the labels of a CSV cell.
_DOCCANO_SEPARATOR = "#"
_NOTATION = re.compile(rf":(?:{'|'.join(STANCES)})(?:#|$)")
# The frames of a row that nobody has labelled; doccano gives them back beside its own labels.
_UNLABELLED = (None, "?")
#: The column by which a list of suggestions can be told. There an empty cell of doccano's CSV is
#: the null of JSONL; in other tables it says that the sentence has no frame.
SUGGESTED_COLUMN = "unsure_of"
# Results that hold remarks and judgements of the coder, not labels.
_REMARKS = ("textarea", "rating", "number")


def label_studio_config(codebook: Codebook) -> str:
    """Return the labelling set-up of a Label Studio project (XML): a row of choices for each frame.

    A coder chooses the stance of every frame that a sentence carries, and nothing for the others.

    >>> print(label_studio_config(Codebook.from_dict({"frames": [{"name": "cooperation"}]})))
    <View>
      <Text name="text" value="$text" />
      <Header value="cooperation" size="4" />
      <Choices name="cooperation" toName="text" choice="single" showInline="true">
        <Choice value="favor" />
        <Choice value="neutral" />
        <Choice value="against" />
      </Choices>
    </View>
    """
    view = ElementTree.Element("View")
    text = _text_name(codebook)
    ElementTree.SubElement(view, "Text", name=text, value="$text")
    for frame in codebook.frames:
        ElementTree.SubElement(view, "Header", value=frame.name, size="4")
        for line in filter(None, (frame.definition, frame.proposition)):
            ElementTree.SubElement(view, "Header", value=_printable(line), size="5")
        choices = ElementTree.SubElement(
            view, "Choices", name=frame.name, toName=text, choice="single", showInline="true"
        )
        for stance in STANCES:
            ElementTree.SubElement(choices, "Choice", value=stance)
    ElementTree.indent(view)
    return ElementTree.tostring(view, encoding="unicode")


def label_studio_task(
    data: Mapping[str, Any],
    predicted: Mapping[str, str | None],
    codebook: Codebook,
    *,
    confidence: float,
    model_version: str,
) -> dict[str, Any]:
    """Return one task, with the model's labels as a prediction that the coder corrects.

    Args:
        data: what the task is about; ``text`` is shown, the rest comes back in the export.
        predicted: frame → stance; what the model tells no stance of is left to the coder.
        codebook: the one that the project is set up with.
        confidence: 0 to 1; Label Studio can sort by it.
        model_version: names the model in Label Studio.
    """
    result = [
        {
            "id": frame,
            "from_name": frame,
            "to_name": _text_name(codebook),
            "type": "choices",
            "value": {"choices": [stance]},
        }
        for frame, stance in predicted.items()
        if stance is not None
    ]
    prediction = {"model_version": model_version, "score": confidence, "result": result}
    return {"data": dict(data), "predictions": [prediction]}


def is_label_studio(record: Mapping[str, Any]) -> bool:
    """Say whether a record is a task of a Label Studio export, of whichever of its formats."""
    return {"data", "annotations"} <= record.keys() or "annotation_id" in record


def label_studio_annotations(task: Mapping[str, Any]) -> Iterator[tuple[str, Labels]]:
    """Yield the coder and the labels of every annotation of a task; it may have none.

    Annotations that were skipped (``was_cancelled``) are left out, predictions are not read.

    Raises:
        InputError: an annotation that does not have the structure of a JSON export, or holds
            labels of another kind than choices.
        CodebookError: labels that contradict each other.

    >>> choice = {"type": "choices", "from_name": "cooperation", "value": {"choices": ["favor"]}}
    >>> task = {"data": {}, "annotations": [{"completed_by": 7, "result": [choice]}]}
    >>> list(label_studio_annotations(task))
    [('7', {'cooperation': 'favor'})]
    """
    annotations = task.get("annotations")
    if not isinstance(annotations, list) or not isinstance(task.get("data"), Mapping):
        raise InputError(
            "is of a Label Studio export that does not say which choice belongs to which group; "
            "export the project as JSON (not JSON-MIN or CSV)"
        )
    for annotation in annotations:
        if not isinstance(annotation, Mapping) or not isinstance(annotation.get("result"), list):
            raise InputError("has an annotation without a list 'result'; expected a JSON export")
        if not annotation.get("was_cancelled"):
            labels = (label for item in annotation["result"] for label in _choices(item))
            yield _coder(annotation.get("completed_by")), _merged(labels)


def is_doccano(record: Mapping[str, Any]) -> bool:
    """Say whether a record may be of a doccano export of text classification.

    It has no frames, or still says that nobody has labelled it, as when it was imported.
    """
    if not {"text", "label"} <= record.keys():
        return False
    frames = record.get("frames")
    return frames in _UNLABELLED or (frames == "" and SUGGESTED_COLUMN in record)


def refuse_two_labellings(record: Mapping[str, Any]) -> None:
    """See that a row has no labels of doccano beside its frames, as when it was imported with them.

    Raises:
        InputError: it has, and nothing says which are the coder's.
    """
    label = record.get("label")
    names = isinstance(label, list) and all(isinstance(name, str) for name in label)
    if names or (isinstance(label, str) and _NOTATION.search(label)):
        raise InputError(
            "has labels in 'label', as doccano writes them, and in 'frames': take out the column "
            "that does not hold what the coder saw"
        )


def doccano_labels(record: Mapping[str, Any]) -> Labels:
    """Return the labels of a doccano record.

    doccano exports what nobody has looked at like what has no label: tick "export only approved
    documents".

    Raises:
        InputError: its labels are not names (spans, or the numbers of old versions).
        CodebookError: labels that contradict each other.

    >>> doccano_labels({"text": "They met.", "label": ["cooperation:favor"]})
    {'cooperation': 'favor'}
    """
    labels = record["label"]
    if isinstance(labels, str):
        labels = labels.split(_DOCCANO_SEPARATOR)
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        raise InputError(
            f"has the labels {str(labels)[:60]}; expected names such as ['cooperation:favor'], "
            "from a doccano project of text classification"
        )
    return _merged(labels)


def _choices(result: object) -> Iterator[str]:
    """Yield the labels of one result of an annotation, in the notation of labels."""
    match result:
        case {"type": kind} if kind in _REMARKS:
            return
        case {"type": "choices", "from_name": str(group), "value": {"choices": [*chosen]}}:
            for choice in map(str, chosen):
                state = choice.strip().lower()
                yield f"{group}:{state}" if state in STATES else choice
        case _:
            kind = result.get("type") if isinstance(result, Mapping) else None
            raise InputError(f"has a result of type {str(kind)[:40]!r}; expected choices")


def _merged(labels: Iterable[str]) -> Labels:
    frames: dict[str, str | None] = {}
    absent: list[str] = []
    for label in labels:
        named, _, state = label.rpartition(":")
        if state.strip().lower() == STATES[0] and named and not {":", ";"} & set(named):
            absent += parse_labels(named)
            continue
        for frame, stance in parse_labels(label).items():
            before = frames.get(frame)
            if before and stance and before != stance:
                raise CodebookError(
                    f"{frame} is labelled both {before} and {stance}; expected one stance"
                )
            frames[frame] = stance or before
    if both := next((frame for frame in absent if frame in frames), None):
        raise CodebookError(f"{both} is labelled both absent and present; expected one of the two")
    return frames


def _coder(completed_by: object) -> str:
    if isinstance(completed_by, Mapping):
        completed_by = completed_by.get("email") or completed_by.get("id")
    return "unknown" if completed_by is None else str(completed_by)


def _text_name(codebook: Codebook) -> str:
    """Name the text so that no frame has that name too."""
    name = "text"
    while name in codebook.names:
        name += "_"
    return name


def _printable(line: str) -> str:
    """Replace what XML cannot hold."""
    return "".join(character if character.isprintable() else " " for character in line)
