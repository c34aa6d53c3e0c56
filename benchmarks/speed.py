"""How fast, how small, how near to the machine's limit: measured side by side in one run.

    python benchmarks/speed.py [--rounds 3] [--sentences 2000] [--to docs/benchmarks.md]

Every contestant labels the same sentences of the five articles, from a file to a file of rows, on
all processors: this project; the same weights in transformers.pipeline (float32, batches of 32);
SetFit's and model2vec's ways of scoring, where sentence-transformers and model2vec are installed.
The contestants take turns, so that a machine that slows down slows all of them; the figures are
medians. The ceiling is an 8-bit matrix product of the encoder's shape in the same runtime, against
the operations that a token needs.

Writes a page and, beside it, a plot of the same name.
"""

from __future__ import annotations

import argparse
import compileall
import json
import operator
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from machine import describe_machine, describe_model, operations_of

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "models" / "default"
PAGE = ROOT / "docs" / "benchmarks.md"


Labeller = Callable[[Path, Path], None]


def load_stance(_: Path) -> Labeller:
    """Load this project's model, which labels one sentence a row."""
    import stance

    model = stance.load()

    def label(source: Path, target: Path) -> None:
        stance.label_files([source], target, model=model, keep_all=True, force=True)

    return label


def load_pipeline(_: Path) -> Labeller:
    """Load the same weights in transformers.pipeline."""
    from transformers import pipeline

    classify = pipeline(
        "text-classification", model=str(FOLDER), device="cpu", dtype="float32", top_k=None
    )
    return scoring(lambda texts: classify(texts, batch_size=32))


def load_setfit(_: Path) -> Labeller:
    """Load SetFit's way of scoring: the same encoder's weights, mean-pooled, a logistic head."""
    from sentence_transformers import SentenceTransformer
    from sklearn.linear_model import LogisticRegression

    # The folder's weights are float16, which no processor multiplies well.
    body = SentenceTransformer(str(FOLDER), device="cpu", model_kwargs={"dtype": "float32"})
    head = LogisticRegression().fit(np.eye(2, 384), [0, 1])
    return scoring(lambda texts: head.predict_proba(body.encode(texts, batch_size=32)).tolist())


def load_model2vec(scratch: Path) -> Labeller:
    """Load model2vec's way: the mean of static word vectors, and a logistic head."""
    from model2vec import StaticModel
    from sklearn.linear_model import LogisticRegression

    words = StaticModel.from_pretrained(str(scratch / "static"))
    head = LogisticRegression().fit(np.eye(2, words.dim), [0, 1])
    return scoring(lambda texts: head.predict_proba(words.encode(texts)).tolist())


def scoring(score: Callable[[list[str]], list[Any]]) -> Labeller:
    """Return what writes a row for every text of a JSONL file, with its scores."""

    def label(source: Path, target: Path) -> None:
        texts = read_texts(source)
        with target.open("w", encoding="utf-8") as rows:
            for text, scores in zip(texts, score(texts), strict=True):
                rows.write(json.dumps({"text": text, "scores": scores}) + "\n")

    return label


def read_texts(source: Path) -> list[str]:
    """Return the texts of a JSONL file."""
    return [json.loads(line)["text"] for line in source.read_text("utf-8").splitlines()]


CONTESTANTS: dict[str, tuple[str, Callable[[Path], Labeller], str]] = {
    "stance": ("this project (8-bit ONNX)", load_stance, "stance"),
    "pipeline": ("transformers.pipeline, float32, batch 32", load_pipeline, "transformers"),
    "setfit": (
        "SetFit's way: sentence-transformers, batch 32, logistic head",
        load_setfit,
        "sentence_transformers",
    ),
    "model2vec": (
        "model2vec's way: static word vectors, logistic head",
        load_model2vec,
        "model2vec",
    ),
}


def main() -> None:
    """Measure and write the report, or, as a child process, run one contestant."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sentences", type=int, default=2000)
    parser.add_argument("--to", type=Path, default=PAGE)
    parser.add_argument("--child", nargs=3, metavar=("NAME", "SOURCE", "TARGET"))
    arguments = parser.parse_args()
    if arguments.child:
        run_child(*arguments.child)
        return
    # As pip does with the packages of the others.
    compileall.compile_dir(ROOT / "stance", quiet=1)
    with tempfile.TemporaryDirectory() as scratch:
        lines = report(arguments, Path(scratch))
    arguments.to.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


def report(arguments: argparse.Namespace, scratch: Path) -> list[str]:
    """Return the lines of the report."""
    rounds, count = arguments.rounds, arguments.sentences
    source = scratch / "sentences.jsonl"
    tokens = write_sentences(source, count)
    names = [name for name, (_, _, package) in CONTESTANTS.items() if find_spec(package)]
    if "model2vec" in names:
        write_static_vectors(scratch / "static")
    runs = run_in_turn(names, source, rounds)
    picture = arguments.to.with_suffix(".svg")
    rates = {CONTESTANTS[name][0]: [count / run["seconds"] for run in runs[name]] for name in names}
    plot(rates, picture)
    lines = [
        "# Benchmarks",
        "",
        f"{count:,} sentences (the labelled ones of the five articles, repeated), "
        f"{tokens / count:.0f} tokens each on average; "
        f"{describe_model(FOLDER)}; {describe_machine()}. Medians of {rounds} rounds in turn, each "
        "in a process of its own, loading the model included but where it says otherwise. Made by "
        "`python benchmarks/speed.py`.",
        "",
        *table_lines(runs, count),
        "",
        f"![sentences per second, a point a round]({picture.name})",
    ]
    missing = [CONTESTANTS[name][0] for name in CONTESTANTS if name not in names]
    if missing:
        lines += ["", f"Not installed, so not measured: {', '.join(missing)}."]
    return [*lines, "", *ceiling_lines(source, tokens, rounds), "", cold_start_line(rounds)]


def run_in_turn(
    names: Sequence[str], source: Path, rounds: int
) -> dict[str, list[dict[str, float]]]:
    """Run the contestants in turn, round by round; return what every run of each took."""
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    for turn in range(rounds):
        for name in names:
            print(f"round {turn + 1} of {rounds}: {name}", file=sys.stderr, flush=True)
            runs[name].append(run_in_child(name, source, source.with_name(f"{name}.jsonl")))
    return runs


def table_lines(runs: Mapping[str, Sequence[Mapping[str, float]]], count: int) -> list[str]:
    """Return the table of rates and peak memory, from runs over ``count`` sentences."""
    base = statistics.median(run["seconds"] for run in runs["pipeline"])
    lines = [
        "| | sentences per second | against the pipeline | once loaded | peak memory |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, own in runs.items():
        seconds = statistics.median(run["seconds"] for run in own)
        labelling = statistics.median(run["once_loaded"] for run in own)
        memory = statistics.median(run["megabytes"] for run in own)
        lines.append(
            f"| {CONTESTANTS[name][0]} | {count / seconds:,.0f} | {base / seconds:.1f} × | "
            f"{count / labelling:,.0f} | {memory:,.0f} MB |"
        )
    return lines


def write_sentences(target: Path, count: int) -> int:
    """Write the gold sentences, as often as needed, and return how many tokens they have."""
    from tokenizers import Tokenizer

    texts = read_texts(ROOT / "seeds" / "labels.jsonl")
    repeated = [texts[index % len(texts)] for index in range(count)]
    lines = (json.dumps({"id": str(n), "text": text}) for n, text in enumerate(repeated))
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")
    tokenizer = Tokenizer.from_file(str(FOLDER / "tokenizer.json"))
    tokenizer.no_padding()
    return sum(len(encoding.ids) for encoding in tokenizer.encode_batch(repeated))


def write_static_vectors(folder: Path) -> None:
    """Write a model2vec model of its usual width; its vectors do not matter here."""
    from model2vec import StaticModel
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(FOLDER / "tokenizer.json"))
    shape = (tokenizer.get_vocab_size(), 256)
    vectors = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    StaticModel(vectors, tokenizer).save_pretrained(str(folder))


def plot(rates: dict[str, list[float]], target: Path) -> None:
    """Draw the sentences a second of every round."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "stance"
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 0.6 * len(rates) + 1.2), layout="constrained")
    for row, values in enumerate(rates.values()):
        axes.barh(row, statistics.median(values), color="#0072b2" if row == 0 else "#999999")
        axes.plot(values, [row] * len(values), "k.", markersize=4)
    axes.set_yticks(range(len(rates)), list(rates))
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.set_xlabel("sentences per second, from file to file, loading included (log scale)")
    figure.savefig(target, metadata={"Date": None})


def run_in_child(name: str, source: Path, target: Path) -> dict[str, float]:
    """Run one contestant in a fresh process; return its seconds and its peak memory."""
    command = [sys.executable, __file__, "--child", name, str(source), str(target)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def run_child(name: str, source: str, target: str) -> None:
    """Run one contestant in this process and print what it took."""
    started = time.perf_counter()
    label = CONTESTANTS[name][1](Path(target).parent)
    loaded = time.perf_counter()
    label(Path(source), Path(target))
    done = time.perf_counter()
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    times = {"seconds": done - started, "once_loaded": done - loaded}
    print(json.dumps({**times, "megabytes": megabytes}))


def ceiling_lines(source: Path, tokens: int, rounds: int) -> list[str]:
    """Compare the model's rate, texts to probabilities, with an 8-bit product of its shape.

    The two take turns, as a machine's speed varies: the share is the median over the rounds.
    """
    import stance

    texts = read_texts(source)
    model = stance.load()
    model.predict_proba(texts[:64])
    config = json.loads((FOLDER / "config.json").read_text("utf-8"))
    operations = operations_of(config, tokens / len(texts)) * len(texts) / tokens
    multiply = matrix_product(config["hidden_size"], config["intermediate_size"])
    rates, ceilings = [], []
    for _ in range(rounds):
        started = time.perf_counter()
        model.predict_proba(texts)
        rates.append(tokens / (time.perf_counter() - started))
        ceilings.append(multiply())
    rate, ceiling = statistics.median(rates), statistics.median(ceilings)
    share = operations * statistics.median(map(operator.truediv, rates, ceilings))
    return [
        "From texts to probabilities, in one process and without files, the model reads "
        f"{rate:,.0f} tokens a second: {rate * operations / 1e9:,.0f} billion operations a second "
        f"in matrix products, {share:.0%} of the {ceiling / 1e9:,.0f} that an 8-bit product of the "
        "same shape reaches by itself in the same runtime.",
    ]


def matrix_product(width: int, inner: int) -> Callable[[], float]:
    """Return a function that measures how many operations a second an 8-bit product reaches."""
    from concurrent.futures import ThreadPoolExecutor

    from onnx import TensorProto, helper

    from stance.backends.onnx import open_session

    rows = 384
    graph = helper.make_graph(
        [helper.make_node("MatMulInteger", ["a", "b", "zero"], ["c"])],
        "product",
        [helper.make_tensor_value_info("a", TensorProto.UINT8, [rows, width])],
        [helper.make_tensor_value_info("c", TensorProto.INT32, [rows, inner])],
        [
            helper.make_tensor(
                "b", TensorProto.INT8, [width, inner], b"\1" * width * inner, raw=True
            ),
            helper.make_tensor("zero", TensorProto.UINT8, [], [128]),
        ],
    )
    product = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    product.ir_version = 8
    session = open_session(product.SerializeToString())
    given = {"a": np.random.default_rng(0).integers(0, 255, (rows, width)).astype(np.uint8)}
    times, threads = 200, len(os.sched_getaffinity(0))

    def work(_: int) -> None:
        for _ in range(times):
            session.run(None, given)

    def multiply() -> float:
        started = time.perf_counter()
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(work, range(threads)))
        seconds = time.perf_counter() - started
        return threads * times * 2 * rows * width * inner / seconds

    multiply()  # Warms the caches.
    return multiply


def cold_start_line(rounds: int) -> str:
    """Time `stance label ONE_ARTICLE` and `import stance` in fresh processes."""
    article = str(next((ROOT / "seeds").glob("000*.txt")))
    label = [sys.executable, "-c", "from stance.cli import main; main()", "label", article]
    load = [sys.executable, "-c", "import stance"]
    bare = [sys.executable, "-c", "pass"]
    medians = []
    for command in (label, load, bare):
        seconds = []
        for _ in range(rounds):
            started = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            seconds.append(time.perf_counter() - started)
        medians.append(statistics.median(seconds))
    return (
        f"From a cold start, `stance label ARTICLE` takes {medians[0]:.2f} s; `import stance` "
        f"{(medians[1] - medians[2]) * 1000:.0f} ms."
    )


if __name__ == "__main__":
    main()
