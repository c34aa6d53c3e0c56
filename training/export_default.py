"""Write the shipped model's ONNX file anew, from its weights.

    python training/export_default.py

For a better graph or better 8-bit weights, without a training. ``stance.json`` takes the new
checksum. evaluate_default.py then measures the rows kept apart anew; calibration, thresholds and
the other figures stay those of the five models of cross_validate.py, as they were scored then.
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
