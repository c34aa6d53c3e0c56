"""Fit the shipped model's decision anew, from the out-of-fold logits, without a training.

    python training/calibrate_default.py --base BASE --speeches SPEECHES

For another calibration, other thresholds or stance priors: ``stance.json`` alone changes.
evaluate_default.py then measures every figure anew.
"""

from __future__ import annotations

from dataclasses import replace

from corpus import read_rows
from cross_validate import out_of_fold_logits
from recipe import parse_arguments
from train_default import OUTPUT, VERSION, decision_for

from stance.store import ModelFolder


def main() -> None:
    """Fit, and write."""
    arguments = parse_arguments(__doc__)
    rows = read_rows(arguments.speeches)
    decision = decision_for(rows, out_of_fold_logits(rows, arguments.base))
    replace(ModelFolder.read(OUTPUT), decision=decision, version=VERSION).write()
    print(f"written: {OUTPUT / 'stance.json'}")


if __name__ == "__main__":
    main()
