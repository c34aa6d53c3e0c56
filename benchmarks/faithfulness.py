"""Do the words that an explanation names carry the frame? Measured with the shipped model.

    python benchmarks/faithfulness.py [--every 5] [--share 0.2] [--gradients SENTENCES]

The weightiest fifth of a sentence's words is taken away, then as many words drawn at random; the
report says by how much P(frame) falls. The sentences are every fifth of the authored rows, where
the model finds a frame in it. That the model was trained on them does not matter here: its
explanations are compared with the model itself, and not with the labels.

--gradients also measures integrated gradients, which take much longer, on about that many of the
sentences, and occlusion on the same ones. Writes docs/faithfulness.md.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import stance
from stance.explain import Faithfulness, faithfulness

ROOT = Path(__file__).parent.parent
ROWS = ROOT / "training" / "data" / "authored"
REPORT = ROOT / "docs" / "faithfulness.md"
DRAWS = 5


def main() -> None:
    """Measure and write the report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model")
    parser.add_argument("--every", type=int, default=5)
    parser.add_argument("--share", type=float, default=0.2)
    parser.add_argument("--gradients", type=int, default=0, metavar="SENTENCES")
    arguments = parser.parse_args()
    with stance.load(arguments.model) as model:
        sentences = carrying(model, every=arguments.every)
        runs = [("occlusion", sentences)]
        if arguments.gradients:
            fewer = sentences[:: max(1, len(sentences) // arguments.gradients)]
            runs += [("occlusion", fewer), ("gradients", fewer)]
        found = [
            (method, faithfulness(model, texts, method=method, share=arguments.share, draws=DRAWS))
            for method, texts in runs
        ]
        name = f"{model.folder.name} {model.folder.version}"
        lines = report(found, model=name, every=arguments.every)
    REPORT.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


def carrying(model: stance.StanceModel, *, every: int) -> list[str]:
    """Return every n-th authored sentence (n: ``every``) in which the model finds a frame."""
    lines = [line for path in sorted(ROWS.glob("*.jsonl")) for line in path.open(encoding="utf-8")]
    texts = [json.loads(line)["text"] for line in lines[::every]]
    return [result.text for result in model.predict(texts) if result.frames]


def report(found: list[tuple[str, Faithfulness]], *, model: str, every: int) -> list[str]:
    """Return the lines of the report."""
    share = found[0][1].share
    rows = (
        f"| {method} | {one.sentences:,} | {one.decisions:,} "
        f"| {one.top} | {one.random} | {one.difference} |"
        for method, one in found
    )
    return [
        "# Do the words named carry the frame?",
        "",
        f"The weightiest {share:.0%} of a sentence's words (one at least) were taken away "
        f"together, and then as many words drawn at random, {DRAWS} times. The columns say by how "
        "much P(frame) falls, on the mean over all frames that the sentences carry, with 95% "
        "intervals from resampling the sentences. A difference above 0 says that an explanation is "
        "better than chance (comprehensiveness, [DeYoung et al. 2020]"
        "(https://aclanthology.org/2020.acl-main.408), held against random words).",
        "",
        f"Model: {model}. Sentences: every {every}th of the authored rows, as far as the model "
        "finds a frame in them. Made by `python benchmarks/faithfulness.py`.",
        "",
        "| method | sentences | frames | top words | random words | difference |",
        "| --- | --- | --- | --- | --- | --- |",
        *rows,
    ]


if __name__ == "__main__":
    main()
