"""Write the shipped model's ONNX file anew, from its weights.

    python training/export_default.py

For a better graph or better 8-bit weights, without a training. ``stance.json`` takes the new
checksum. The held-out logits are of the form before, so cross_validate.py scores them anew, without
a training where the weights of its five models were kept in results/weights; calibrate_default.py
and evaluate_default.py go on from there.
"""

from __future__ import annotations

from corpus import authored_rows
from train_default import OUTPUT, write_onnx

from stance.store import ModelFolder


def main() -> None:
    """Export."""
    folder = ModelFolder.read(OUTPUT)
    write_onnx(OUTPUT, authored_rows())
    written = folder.write()
    print(f"{OUTPUT / 'model.onnx'}: {written.files['model.onnx']['bytes'] / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
