"""``stance label --engine ray``: the batch job on a cluster, with the rows of the local one.

The inputs are dealt out in shares: a table, or files one after the other. Tasks read them and cut
them into blocks of whole documents; workers, each with a model of its own, label the blocks and
write a shard for each. Ray gives a block whose worker or machine is lost to another worker, and a
job that is begun again labels only the blocks that no shard is there for.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from stance.backends import runtime_of
from stance.cluster.blocks import Labeller, Task, deal_out, read_blocks
from stance.cluster.engine import running_ray
from stance.cluster.shards import ShardedOutput, Shards
from stance.cluster.workers import Worker
from stance.errors import OutputError
from stance.files.formats import format_of
from stance.files.report import LabelProgress, LabelReport
from stance.job import find_articles
from stance.settings import checked_options, settings_of

__all__ = ["BLOCK_CHARACTERS", "label_shards"]

#: A block holds about so many characters: 30,000 sentences, a minute or two of one processor.
BLOCK_CHARACTERS = 2**22
# So many tasks read at once. Each reads hundreds of times as fast as a worker labels.
_READERS = 4


def label_shards(
    inputs: Iterable[str | Path],
    output: str | Path,
    *,
    address: str | None = None,
    workers: int | None = None,
    num_gpus: float | None = None,
    block_characters: int = BLOCK_CHARACTERS,
    model: str | Path | None = None,
    format: str | None = None,
    input_format: str | None = None,
    text_column: str = "text",
    id_column: str | None = None,
    keep_columns: Sequence[str] = (),
    resume: bool = False,
    force: bool = False,
    thresholds: Mapping[str, float] | None = None,
    abstain: float | None = None,
    explain: str | None = None,
    keep_all: bool = False,
    backend: str = "auto",
    device: str = "cpu",
    threads: int | None = None,
    batch_size: int | None = None,
    progress: Callable[[LabelProgress], None] | None = None,
) -> LabelReport:
    """Label files or folders on a Ray cluster; write a folder of shards, one row a sentence.

    The shards in the order of their names hold the rows of ``label_files``, in the same order.
    What was skipped and what failed is listed beside the folder as it is beside a file. Every
    machine has to see the inputs, the output and the model's folder at the same place.

    Args:
        inputs: as ``label_files``, without standard input.
        output: a folder.
        address: of the cluster; by default that of ``RAY_ADDRESS``, or one that runs on this
            machine, or one that is started and ended with the job.
        workers: at most so many; by default as many as the cluster has room for.
        num_gpus: GPUs a worker with the device ``cuda``, 1 by default; 0.25 puts four on each.
        block_characters: what is done, lost and resumed at once. With ``id_column`` one task
            reads all inputs, as it compares the ids.
        model: what ``stance.load`` takes; the shipped one by default.
        format: ``jsonl``, ``csv`` or ``parquet``; by the output's suffix, else JSONL.
        input_format: as ``label_files``; so are all that are not described here.
        text_column: where tables keep the text.
        id_column: where tables keep a document's id.
        keep_columns: columns of tables that the rows carry too.
        resume: label what is missing of an unfinished result.
        force: replace a result.
        thresholds: frame → threshold.
        abstain: withhold this share of the decisions.
        explain: also say which words carry the frames.
        keep_all: skip nothing.
        backend: ``auto``, ``onnx`` or ``torch``.
        device: ``cpu`` or ``cuda``.
        threads: processors a worker, 1 by default: more workers are faster than more threads.
        batch_size: as ``stance.load``.
        progress: called after every block.

    Raises:
        InputError: no input, an option that is not known, or no cluster at the address.
        OutputError: the output exists, cannot be written, or cannot be resumed; or a block
            could not be labelled.
        ModelError: the model cannot be loaded.
        MissingExtraError: Ray, or what the options need, is not installed.
    """
    folder = Path(output).absolute()
    suffix = format or (None if folder.suffix else "jsonl")
    found = find_articles(inputs, input_format=input_format, output=output)
    options = checked_options(
        format=format_of(folder, given=suffix),
        text_column=text_column,
        id_column=id_column,
        keep_columns=keep_columns,
        abstain=abstain,
        explain=explain,
        keep_all=keep_all,
    )
    worker = Worker.of(
        model,
        thresholds=thresholds,
        backend=backend,
        device=device,
        threads=threads,
        num_gpus=num_gpus,
        batch_size=batch_size,
    )
    made = {**options, "block_characters": block_characters}
    checked = worker.checked_folder(options)
    settings = settings_of(checked, runtime_of(backend, device), found, made)
    shards = Shards(folder, options["format"])
    task = Task(shards, options, worker, settings["model"], settings["program"], block_characters)
    shares = deal_out(found, block_characters if id_column is None else None)
    # The cluster first: where there is none, no unfinished output is left behind.
    with (
        running_ray(address) as ray,
        ShardedOutput.open(shards, settings, resume=resume, force=force) as unfinished,
    ):
        blocks = _Blocks(unfinished.done, found.size, progress)
        for row in _labelled(ray, task, shares, workers):
            blocks.add(row)
        tally = unfinished.finish(sorted(blocks.names))
    return tally.report(
        Path(output), left_out=found.left_out, resumed=blocks.resumed, seconds=blocks.seconds
    )


class _Blocks:
    """The blocks that are done, as they come in, in any order."""

    def __init__(
        self,
        before: Collection[str],
        size: int,
        progress: Callable[[LabelProgress], None] | None,
    ) -> None:
        self.names: list[str] = []
        self._before = before
        self.resumed = 0
        self._size = size
        self._progress = progress
        self._started = time.perf_counter()
        self._documents = self._sentences = self._bytes = 0
        self._sentences_before = self._bytes_before = 0

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._started

    def add(self, row: Mapping[str, Any]) -> None:
        """Count a block.

        Raises:
            OutputError: it could not be labelled.
        """
        if row["problem"]:
            raise OutputError(f"{row['problem']} (block {row['block']})")
        self.names.append(row["block"])
        self._documents += row["documents"]
        self._sentences += row["sentences"]
        self._bytes += row["bytes"]
        if row["block"] in self._before:
            self.resumed += row["labelled"]
            self._sentences_before += row["sentences"]
            self._bytes_before += row["bytes"]
        if self._progress is not None:
            self._progress(self._so_far())

    def _so_far(self) -> LabelProgress:
        return LabelProgress.of(
            documents=self._documents,
            sentences=self._sentences,
            before=(self._sentences_before, self._bytes_before),
            read=self._bytes,
            size=self._size,
            seconds=self.seconds,
        )


def _labelled(
    ray: Any, task: Task, shares: Sequence[str], workers: int | None
) -> Iterator[Mapping[str, Any]]:
    """Run the job; yield what became of every block."""
    items = [{"share": number, "sources": share} for number, share in enumerate(shares)]
    dataset = ray.data.from_items(items, override_num_blocks=min(len(items), 1000))
    # A block of documents is a row, and every row is to be a task of its own.
    dataset.context.target_max_block_size = 1
    dataset.context.enable_progress_bars = False
    dataset.context.print_on_execution_start = False
    results = dataset.map_batches(
        read_blocks,
        fn_args=(task,),
        batch_size=1,
        batch_format="pyarrow",
        # Readers take no processor from the workers, which would wait for them for ever.
        num_cpus=0,
        compute=ray.data.TaskPoolStrategy(size=min(_READERS, len(shares))),
    ).map_batches(
        Labeller,
        fn_constructor_args=(task,),
        batch_size=1,
        **task.worker.pool(workers, room=ray.cluster_resources()),
    )
    try:
        yield from results.iter_rows()
    except ray.exceptions.RayError as error:
        reason = " ".join(str(error).split())[-300:]
        raise OutputError(
            f"the cluster gave up: {reason}; what is done lies in {task.shards.folder}, "
            "--resume goes on with it"
        ) from error
