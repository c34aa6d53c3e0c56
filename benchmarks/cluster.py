"""The UN speeches on one machine, and on a cluster that loses a node: the same rows, and the price.

    python benchmarks/cluster.py SPEECHES [--limit N] [--nodes 3] [--killed-only]

SPEECHES is what training/un_text.py takes. The first N of its speeches (all by default) are
labelled by `label_files` on all processors, by `label_shards` on a Ray cluster of --nodes nodes
with one processor each, simulated on this machine, and there again with one node killed after a
third of the input. The rows have to be the same, byte for byte, each time.

It also measures what a sentence costs on one processor, step by step, and reckons from that what
a billion sentences would cost, and which step would be the bottleneck. Writes docs/cluster.md.
Needs the extras `ray` and `parquet`.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from machine import describe_machine, describe_model, operations_of

import stance
from stance.cluster.batch import label_shards
from stance.files import DocumentReader, find_sources
from stance.files.formats import FlatColumns, jsonl_rows, write_parquet
from stance.files.report import LabelProgress

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "models" / "default"
REPORT = ROOT / "docs" / "cluster.md"
INPUT_FILES = 6
#: A block is smaller here than by default, so that a few speeches make several.
BLOCK_CHARACTERS = 2**17

BILLION = 1_000_000_000


@dataclass(frozen=True)
class SentenceCost:
    """Seconds of one processor, tokens and bytes that a sentence costs, on average."""

    read: float
    prepare: float
    encode: float
    write: float
    tokens: float
    bytes_in: float
    bytes_jsonl: float
    bytes_parquet: float

    @property
    def host(self) -> float:
        """What has to be done on a processor even where a GPU runs the encoder."""
        return self.read + self.prepare + self.write

    @property
    def together(self) -> float:
        """All seconds of one processor."""
        return self.host + self.encode


@dataclass(frozen=True)
class Assumptions:
    """What the reckoning takes as given: not measured here.

    Attributes:
        core_hour: dollars for one processor (vCPU) for an hour. On demand, a machine with two cost
            0.0816 an hour (m7g.large, us-east-1; factualminds.com, 17 June 2026), that is 0.041
            each; those with the matrix units that make 8-bit models fast cost somewhat more.
        h100_hour: dollars for one H100 with its host for an hour. Smaller clouds asked 2.49 to 2.85
            on demand (digiterialabs.com, first quarter of 2026), the largest several times that.
        h100_operations: bfloat16 operations a second of an H100 SXM in dense matrix products, from
            its data sheet.
        h100_share: the share of them that an encoder this narrow reaches. A guess.
        h100_cores: processors of a machine with one H100.
    """

    core_hour: float = 0.05
    h100_hour: float = 3.0
    h100_operations: float = 989e12
    h100_share: float = 0.2
    h100_cores: int = 16


@dataclass(frozen=True)
class GpuRates:
    """Sentences a second on a machine with one H100.

    Attributes:
        encoder: what the GPU could encode.
        host: what the processors beside it could read, prepare and write.
    """

    encoder: float
    host: float

    @property
    def machine(self) -> float:
        """What the slower of the two lets through."""
        return min(self.encoder, self.host)


def main() -> None:
    """Measure, compare, reckon and write the report."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("speeches", type=Path)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--nodes", type=int, default=3)
    parser.add_argument("--killed-only", action="store_true", help="no run without a kill")
    arguments = parser.parse_args()
    sys.path.insert(0, str(ROOT / "training"))
    from un_text import read_speeches

    texts = list(read_speeches(arguments.speeches).items())[: arguments.limit]
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        write_inputs(scratch / "speeches", texts)
        cost = measured_cost(scratch)
        kills = (True,) if arguments.killed_only else (False, True)
        lines = [*comparison(scratch, len(texts), arguments.nodes, kills), "", *reckoning(cost)]
    REPORT.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


def write_inputs(folder: Path, texts: list[tuple[str, str]]) -> None:
    """Write the speeches as a few JSONL files."""
    folder.mkdir()
    for number in range(INPUT_FILES):
        rows = (json.dumps({"id": id, "text": text}) for id, text in texts[number::INPUT_FILES])
        (folder / f"{number}.jsonl").write_text("".join(f"{row}\n" for row in rows), "utf-8")


def comparison(scratch: Path, speeches: int, nodes: int, kills: tuple[bool, ...]) -> list[str]:
    """Label on this machine and on the cluster; return the table."""
    inputs, local = [scratch / "speeches"], scratch / "local.jsonl"
    runs: dict[str, tuple[float, str]] = {}
    started = time.perf_counter()
    report = stance.label_files(inputs, local)
    runs["one machine, no cluster"] = (time.perf_counter() - started, "")
    expected = local.read_bytes()
    for kill in kills:
        started = time.perf_counter()
        with simulated_cluster(nodes) as (address, kill_node):
            up = time.perf_counter() - started
            output = scratch / "cluster"
            seconds = label_on(address, inputs, output, kill_node if kill else None)
            found = b"".join(p.read_bytes() for p in sorted(output.glob("part-*")))
            blocks = len(list(output.glob("part-*")))
            shutil.rmtree(output)
        name = f"{nodes} nodes{', one killed on the way' if kill else ''}"
        runs[name] = (seconds, compared(expected, found))
    base = runs["one machine, no cluster"][0]
    return [
        "# On a cluster",
        "",
        f"{speeches:,} speeches of the UN General Debate, {report.sentences:,} sentences, in "
        f"{blocks} blocks; {describe_model(FOLDER)}; {describe_machine()}. "
        f"The {nodes} nodes are processes of this one machine and "
        "share its processors, so that the ratio shows what the cluster costs, not what it gains. "
        "Made by `python benchmarks/cluster.py SPEECHES`.",
        "",
        "| | seconds | against one machine | rows |",
        "| --- | --- | --- | --- |",
        *(
            f"| {name} | {seconds:,.0f} | {seconds / base:.2f} × | {rows} |"
            for name, (seconds, rows) in runs.items()
        ),
        "",
        f"The seconds include the start of the workers, each of which loads a model; not that of "
        f"the nodes ({up:.0f} s).",
    ]


def compared(expected: bytes, found: bytes) -> str:
    """Say whether two files of rows are the same; if not, show the first rows that differ."""
    if found == expected:
        return "the same, byte for byte"
    pairs = zip_longest(expected.splitlines(), found.splitlines(), fillvalue=b"")
    differing = [pair for pair in pairs if pair[0] != pair[1]]
    for pair in differing[:5]:
        print(*(row.decode() for row in pair), sep="\n", file=sys.stderr)
    return f"DIFFERENT in {len(differing):,}"


def label_on(
    address: str, inputs: list[Path], output: Path, kill: Callable[[], None] | None
) -> float:
    """Label on a cluster, and kill a node after a third of the input; return the seconds."""
    killed = False

    def watch(progress: LabelProgress) -> None:
        nonlocal killed
        if kill is not None and not killed and (progress.share or 0) > 1 / 3:
            killed = True
            kill()

    started = time.perf_counter()
    label_shards(inputs, output, address=address, block_characters=BLOCK_CHARACTERS, progress=watch)
    if kill is not None and not killed:
        raise SystemExit("the run ended before a node could be killed; label more speeches")
    return time.perf_counter() - started


@contextmanager
def simulated_cluster(nodes: int) -> Iterator[tuple[str, Callable[[], None]]]:
    """Yield the address of a cluster on this machine, and a function that kills a node of it."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    from ray.cluster_utils import Cluster

    options: Mapping[str, Any] = {
        "num_cpus": 1,
        "object_store_memory": 100 * 2**20,
        "include_dashboard": False,
    }
    cluster = Cluster(initialize_head=True, head_node_args=options)
    try:
        others = [cluster.add_node(**options) for _ in range(nodes - 1)]
        yield cluster.address, lambda: cluster.remove_node(others[-1], allow_graceful=False)
    finally:
        cluster.shutdown()


def measured_cost(scratch: Path) -> SentenceCost:
    """Label one of the files on one processor, and time every step."""
    source = scratch / "speeches" / "0.jsonl"
    read, documents = timed(lambda: list(DocumentReader(find_sources([source]))))
    pairs = [(document.id, document.text) for document in documents][:100]
    share = len(pairs) / len(documents)
    with stance.load(threads=1) as model:
        model.predict(["Once, so that all is loaded."])
        prepare, prepared = timed(lambda: model.prepare(pairs))
        batches = [batch for _, batch in prepared.tokenized.batches]
        encode, _ = timed(lambda: model.backend.logits(batches))
        label, results = timed(lambda: model.label_prepared(prepared))
        rows = scratch / "rows.jsonl"
        write, _ = timed(lambda: rows.write_bytes(b"".join(jsonl_rows(r, {}) for r in results)))
        write_parquet(rows, scratch / "rows.parquet", FlatColumns(model.codebook.names))
    sentences = sum(len(result.sentences) for result in results)
    return SentenceCost(
        read=read * share / sentences,
        prepare=prepare / sentences,
        encode=encode / sentences,
        write=(max(0.0, label - encode) + write) / sentences,
        tokens=sum(batch.attention_mask.sum() for batch in batches) / sentences,
        bytes_in=source.stat().st_size * share / sentences,
        bytes_jsonl=rows.stat().st_size / sentences,
        bytes_parquet=(scratch / "rows.parquet").stat().st_size / sentences,
    )


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return how many seconds a function takes, and its result."""
    started = time.perf_counter()
    found = work()
    return time.perf_counter() - started, found


def reckoning(cost: SentenceCost, given: Assumptions | None = None) -> list[str]:
    """Reckon what a billion sentences cost, from what one costs; return the page's second half.

    Args:
        cost: as measured, per sentence and processor.
        given: prices, and what is known or guessed of an H100.
    """
    given = given or Assumptions()
    config = json.loads((FOLDER / "config.json").read_text("utf-8"))
    operations = operations_of(config, cost.tokens)
    rates = GpuRates(
        encoder=given.h100_operations * given.h100_share / operations,
        host=given.h100_cores / cost.host,
    )
    return [
        "## A billion sentences",
        "",
        "What one sentence costs on one processor, measured in the same run:",
        "",
        *cost_table(cost),
        "",
        "From that, for a billion:",
        "",
        *billion_table(cost, given, rates),
        "",
        assumed_line(given, operations),
        "",
        "Where it is narrow then:",
        "",
        *narrow_lines(cost, given, rates),
    ]


def cost_table(cost: SentenceCost) -> list[str]:
    """Return the table of what one sentence costs on one processor."""
    return [
        "| | microseconds |",
        "| --- | --- |",
        f"| read its document | {cost.read * 1e6:,.0f} |",
        f"| split and tokenize | {cost.prepare * 1e6:,.0f} |",
        f"| encode ({cost.tokens:.0f} tokens) | {cost.encode * 1e6:,.0f} |",
        f"| decide and write its row | {cost.write * 1e6:,.0f} |",
        f"| together | {cost.together * 1e6:,.0f}: {1 / cost.together:,.0f} sentences a second |",
    ]


def billion_table(cost: SentenceCost, given: Assumptions, rates: GpuRates) -> list[str]:
    """Return the table of what a billion sentences cost, on processors and on an H100."""
    core_hours = BILLION * cost.together / 3600
    gpu_hours = BILLION / rates.machine / 3600
    return [
        "| | time | dollars |",
        "| --- | --- | --- |",
        f"| processors, 8 bits | {core_hours:,.0f} processor-hours: "
        f"{core_hours / 1000:.1f} hours of 1,000 | {core_hours * given.core_hour:,.0f} |",
        f"| one H100, bfloat16: **an estimate, not measured** | {gpu_hours:,.1f} hours | "
        f"{gpu_hours * given.h100_hour:,.0f} |",
    ]


def assumed_line(given: Assumptions, operations: float) -> str:
    """Say what was taken as given, and where the prices come from."""
    return (
        "Assumed, not measured: "
        f"{given.core_hour:g} dollars a processor-hour and {given.h100_hour:g} a GPU-hour (near "
        "the prices on demand of 2026: a machine of two processors for 0.0816, [June]("
        "https://www.factualminds.com/blog/amazon-ec2-on-demand-pricing-instance-families-2026/); "
        "an H100 for 2.49 to 2.85 at the smaller clouds, [first quarter]("
        "https://digiterialabs.com/ai/insights/cloud-gpu-pricing-q1-2026)); an H100 with "
        f"{given.h100_cores} processors beside it, which reaches {given.h100_share:.0%} of the "
        f"{given.h100_operations / 1e12:,.0f} trillion operations a second of its data sheet on an "
        f"encoder this narrow, where a sentence takes {operations / 1e9:.2f} billion. Both prices "
        "are arguments of `reckoning` in `benchmarks/cluster.py`. No cluster's own overhead is "
        "counted, and none for machines that stand idle."
    )


def narrow_lines(cost: SentenceCost, given: Assumptions, rates: GpuRates) -> list[str]:
    """Say which part of the work limits the rate: on processors, on an H100, and on the disk."""
    return [
        f"- On processors it is the encoder, with {cost.encode / cost.together:.0%} of "
        "the time. More processors help as long as blocks are left.",
        f"- With an H100 it is {narrow_on_gpu(cost, given, rates)}.",
        f"- Reading is not narrow: one task reads {1 / cost.read:,.0f} sentences a second, which "
        f"keeps {cost.together / cost.read:,.0f} processors busy. With `--id-column` "
        "there is only one such task.",
        f"- The disk: {BILLION * cost.bytes_in / 1e9:,.0f} GB in; "
        f"{BILLION * cost.bytes_jsonl / 1e9:,.0f} GB out as JSONL, "
        f"{BILLION * cost.bytes_parquet / 1e9:,.0f} GB as Parquet. At the H100's rate that is "
        f"{rates.machine * cost.bytes_jsonl / 1e6:,.0f} or "
        f"{rates.machine * cost.bytes_parquet / 1e6:,.0f} MB a second to the shared folder.",
    ]


def narrow_on_gpu(cost: SentenceCost, given: Assumptions, rates: GpuRates) -> str:
    """Say whether the GPU or the processors beside it limit a machine with an H100."""
    if rates.host < rates.encoder:
        return (
            f"its {given.h100_cores} processors, which read, split, tokenize and write "
            f"{rates.host:,.0f} sentences a second, while the GPU could take {rates.encoder:,.0f}; "
            f"{rates.encoder * cost.host:,.0f} processors would keep it busy"
        )
    return (
        f"the GPU: {given.h100_cores} processors could feed it {rates.host:,.0f} sentences a second"
    )


if __name__ == "__main__":
    main()
