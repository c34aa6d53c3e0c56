"""Write the shipped model's ONNX file anew, from its weights.

    python training/export_default.py

For a better graph or better 8-bit weights, without a training. ``stance.json`` takes the new
checksum. evaluate_default.py then measures the rows kept apart anew; calibration, thresholds and
the other figures stay those of the five models of cross_validate.py, as they were scored then.
"""

from __future__ import annotations

from corpus import authored_rows
from recipe import RECIPE, example_texts
from train_default import OUTPUT

from stance.finetuning.export import example_ids, export_onnx
from stance.finetuning.training import load_classifier
from stance.store import ModelFolder


def main() -> None:
    """Export."""
    folder = ModelFolder.read(OUTPUT)
    classifier = load_classifier(OUTPUT, codebook=folder.codebook)
    texts = example_texts(authored_rows())
    examples = example_ids(classifier.tokenizer, texts, max_length=RECIPE.max_length)
    export_onnx(classifier.model.eval(), OUTPUT / "model.onnx", examples=examples)
    written = folder.write()
    print(f"{OUTPUT / 'model.onnx'}: {written.files['model.onnx']['bytes'] / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
