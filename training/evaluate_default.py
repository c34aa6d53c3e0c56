"""Every figure of the shipped model, with 95% intervals, and the tables that hold them.

    python training/evaluate_default.py --base BASE --speeches SPEECHES [--quick]

Reads the out-of-fold logits of cross_validate.py: leave-one-document-out on the five articles,
grouped cross-validation on the authored and the UN rows. Calibration and thresholds that score a
fold are fitted on the other four. The shipped model as it is, thresholds and all, is scored on the
rows of data/unseen, data/contrast and data/speeches, which nothing was trained on. --quick leaves
out what takes long (the transfer trainings and the frozen encoder's baseline) and keeps those
figures of the last whole run; the tables say of which rows they are, where those are others.
Writes results/figures.json, results/tables.md, the model card with its calibration plot, the
figures of stance.json, and those in README.md.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import baselines
import numpy as np
from card import write_card, write_tables
from corpus import FOLDS, KEPT_APART, Row, fold_of, kept_apart_rows, read_rows
from cross_validate import out_of_fold_logits, trainers
from eight_bits import int8_logits
from numpy.typing import NDArray
from project_files import RESULTS
from recipe import CODEBOOK, RECIPE, fingerprint, parse_arguments, train
from train_default import OUTPUT, VERSION, with_stance_priors

from stance.codebook import STATES
from stance.decision import Decision, states_of
from stance.evaluation import compare, evaluate
from stance.figures import Evaluation, Figure
from stance.files import LabelledRow
from stance.finetuning.calibration import ABSTENTION_SHARES, equal_weights, fit_decision
from stance.model import load
from stance.resampling import draw, ratio
from stance.scoring import difference, reliability, score
from stance.store import ModelFolder

FIGURES = RESULTS / "figures.json"
RESAMPLES = 1000
SOURCES = ("seeds", "authored", "un")
EVERYWHERE = "every frame in every sentence"
#: The articles are so few that three passes over them would teach a head nothing.
EPOCHS_ON_SEEDS = 20


@dataclass(frozen=True)
class Decided:
    """Probabilities (n, F, 4), states (n, F), and share → states with that share withheld."""

    probabilities: NDArray[np.float32]
    states: NDArray[np.int64]
    withheld: dict[float, NDArray[np.int64]]


class Judge:
    """The rows, their gold states, and how out-of-fold logits are scored on them."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        self.gold = states_of([row.frames for row in rows], CODEBOOK)
        self.folds = np.array([fold_of(row) for row in rows])
        self.sources = np.array([row.source for row in rows])
        self.weights = equal_weights(list(self.sources))
        self.groups = [row.group for row in rows]

    def fit(self, logits: NDArray[Any]) -> list[Decision]:
        """Return for each fold the decision that the other folds teach."""
        return [
            fit_decision(
                logits[self.folds != fold],
                self.gold[self.folds != fold],
                row_weights=self.weights[self.folds != fold],
            )
            for fold in range(FOLDS)
        ]

    def with_stance_priors(self, decisions: Sequence[Decision]) -> list[Decision]:
        """Add each fold's stance priors: those of the rows that its model was trained on."""
        return [
            with_stance_priors(decision, self.gold[self.folds != fold])
            for fold, decision in enumerate(decisions)
        ]

    def decide(self, logits: NDArray[Any], decisions: Sequence[Decision]) -> Decided:
        """Decide each fold by its decision."""
        shape = self.gold.shape
        probabilities = np.zeros((*shape, len(STATES)), np.float32)
        states = np.zeros(shape, np.int64)
        withheld = {share: np.zeros(shape, np.int64) for share in ABSTENTION_SHARES}
        for fold, decision in enumerate(decisions):
            judged = self.folds == fold
            probabilities[judged] = decision.probabilities(logits[judged])
            states[judged] = decision.states(probabilities[judged])
            for share, found in withheld.items():
                found[judged] = decision.states(probabilities[judged], abstain=share)
        return Decided(probabilities, states, withheld)

    def score(self, decided: Decided, source: str) -> Evaluation:
        """Score the rows of one source."""
        at = np.flatnonzero(self.sources == source)
        return score(
            self.gold[at],
            decided.probabilities[at],
            decided.states[at],
            [self.groups[index] for index in at],
            frames=CODEBOOK.names,
            resamples=RESAMPLES,
        )

    def share(self, source: str, part: NDArray[Any], whole: NDArray[Any]) -> dict[str, Any]:
        """Return the sum of ``part`` over that of ``whole`` in a source, with its interval.

        Both have a number for every row.
        """
        at = np.flatnonzero(self.sources == source)
        drawn = draw([self.groups[index] for index in at], len(at), RESAMPLES, seed=0)
        ratios = [ratio(weights @ part[at], weights @ whole[at]) for weights in drawn.weights]
        return asdict(Figure.of(np.concatenate(ratios)))


def main() -> None:
    """Measure, then write."""
    arguments = parse_arguments(__doc__, quick=True)
    rows = read_rows(arguments.speeches)
    judge = Judge(rows)
    int8 = out_of_fold_logits(rows, arguments.base, "int8")
    print("calibrating, fold by fold", flush=True)
    fitted_alone = judge.fit(int8)
    decisions = judge.with_stance_priors(fitted_alone)
    decided = judge.decide(int8, decisions)
    exact = judge.decide(out_of_fold_logits(rows, arguments.base, "float32"), decisions)
    apart = rows_kept_apart(arguments.speeches)
    figures: dict[str, Any] = {
        "fingerprint": fingerprint(rows, arguments.base),
        "rows": {source: int((judge.sources == source).sum()) for source in SOURCES},
        "shipped": by_source(judge, decided),
        "kept_apart": shipped_on_kept_apart(apart),
        "before_calibration": uncalibrated_errors(judge, int8),
        "abstention": abstention_figures(judge, decided),
        "reliability": reliability_bins(judge, decided),
        "stances": stance_figures(judge, judge.decide(int8, fitted_alone), decided),
        "precision": precision_cost(judge, decided, exact, apart),
        "baselines": baseline_figures(judge),
        "slow": stored_slow_figures() if arguments.quick else slow_figures(judge, arguments.base),
        "failures": failures(judge, decided),
    }
    FIGURES.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    write_tables(figures)
    folder = ModelFolder.read(OUTPUT)
    replace(folder, figures=headline(figures)).write()
    write_card(ModelFolder.read(OUTPUT), figures)


def failures(judge: Judge, decided: Decided) -> list[dict[str, Any]]:
    """Return, for each frame, the authored sentences where the model was surest and wrong."""
    present = 1 - decided.probabilities[..., 0]
    found = []
    for column, frame in enumerate(CODEBOOK.names):
        gold, called = judge.gold[:, column] > 0, decided.states[:, column] > 0
        for kind, wrong in (("invented", called & ~gold), ("missed", gold & ~called)):
            at = np.flatnonzero(wrong & (judge.sources == "authored"))
            sure = present[at, column] if kind == "invented" else 1 - present[at, column]
            for index in at[np.argsort(-sure, kind="stable")[:2]]:
                row = {"kind": kind, "frame": frame, "text": judge.rows[index].text}
                found.append({**row, "probability": round(float(present[index, column]), 2)})
    return found


def stored_slow_figures() -> dict[str, Any] | None:
    """Return what the last whole run found, where there was one."""
    return json.loads(FIGURES.read_text("utf-8"))["slow"] if FIGURES.exists() else None


def by_source(judge: Judge, decided: Decided) -> dict[str, Any]:
    """Return source → all figures of what was decided."""
    return {source: judge.score(decided, source).to_dict() for source in SOURCES}


def shipped_on_kept_apart(apart: dict[str, list[LabelledRow]]) -> dict[str, Any]:
    """Return source → all figures of the shipped model on rows that it was not trained on."""
    return {source: evaluate(OUTPUT, rows).to_dict() for source, rows in apart.items()}


def rows_kept_apart(speeches: Path) -> dict[str, list[LabelledRow]]:
    """Return source → rows that the shipped model was not trained on."""
    rows: dict[str, list[LabelledRow]] = {source: [] for source in KEPT_APART}
    for row in kept_apart_rows(speeches):
        rows[row.source].append(LabelledRow(row.id, row.group, row.text, row.frames))
    return rows


def decide_plainly(logits: NDArray[Any]) -> Decided:
    """Decide by thresholds of one half, nothing calibrated."""
    plain = Decision.plain(len(CODEBOOK.frames))
    probabilities = plain.probabilities(logits)
    return Decided(probabilities, plain.states(probabilities), withheld={})


def uncalibrated_errors(judge: Judge, logits: NDArray[Any]) -> dict[str, Any]:
    """Return source → frame → calibration error of the logits as training left them."""
    decided = decide_plainly(logits)
    found = {}
    for source in SOURCES:
        result = judge.score(decided, source)
        frames = {name: asdict(frame.ece) for name, frame in result.frames.items()}
        found[source] = {"mean": asdict(result.ece), **frames}
    return found


def abstention_figures(judge: Judge, decided: Decided) -> dict[str, Any]:
    """Return share → source → what leaving the least certain decisions open removes."""
    found: dict[str, Any] = {}
    for share, withheld in decided.withheld.items():
        open_, wrong = withheld < 0, (decided.states > 0) != (judge.gold > 0)
        decisions = np.full(len(judge.rows), len(CODEBOOK.frames))
        removed = (open_ & wrong).sum(axis=1)
        for source in SOURCES:
            found.setdefault(f"{share:g}", {})[source] = {
                "left_open": judge.share(source, open_.sum(axis=1), decisions),
                "errors": int(wrong[judge.sources == source].sum()),
                "removed": judge.share(source, removed, wrong.sum(axis=1)),
            }
    return found


def reliability_bins(judge: Judge, decided: Decided) -> dict[str, Any]:
    """Return frame → [mean probability, true share, sentences] of each bin, all sources pooled."""
    diagrams = reliability(judge.gold, decided.probabilities, frames=CODEBOOK.names)
    return {
        frame: [[b.mean_probability, b.share_present, b.sentences] for b in bins]
        for frame, bins in diagrams.items()
    }


def stance_figures(judge: Judge, before: Decided, after: Decided) -> dict[str, Any]:
    """Return source → what dividing the stances by their priors changes, where a frame was found.

    Of gold and of both ways: the balance of the stances; of both ways: how often they are right,
    and their macro-F1.
    """
    found: dict[str, Any] = {}
    for source in SOURCES:
        found[source] = {"gold": {"balance": _balance(judge, source, judge.gold)}}
        for name, decided in (("before", before), ("after", after)):
            both = (decided.states > 0) & (judge.gold > 0)
            right = both & (decided.states == judge.gold)
            found[source][name] = {
                "balance": _balance(judge, source, decided.states),
                "right": judge.share(source, right.sum(axis=1), both.sum(axis=1)),
                "macro_f1": asdict(judge.score(decided, source).stance.macro_f1),
            }
    return found


def _balance(judge: Judge, source: str, states: NDArray[np.int64]) -> dict[str, Any]:
    favor, against = (states == STATES.index("favor")), (states == STATES.index("against"))
    more_favor = favor.sum(axis=1) - against.sum(axis=1)
    return judge.share(source, more_favor, (states > 0).sum(axis=1))


def precision_cost(
    judge: Judge, int8: Decided, exact: Decided, apart: dict[str, list[LabelledRow]]
) -> dict[str, Any]:
    """Return what 8-bit arithmetic costs, the decisions being those of the 8-bit model."""
    present = int8.probabilities[..., 0] - exact.probabilities[..., 0]
    return {
        "macro_f1_lost": {
            **{source: _lost_when_shipped(rows) for source, rows in apart.items()},
            **{source: _lost(judge, int8, exact, source) for source in SOURCES},
        },
        "largest_difference": float(np.abs(present).max()),
        "labels_changed": float((int8.states != exact.states).any(axis=1).mean()),
    }


def _lost_when_shipped(rows: list[LabelledRow]) -> dict[str, float | None]:
    with load(OUTPUT) as int8, load(OUTPUT, backend="torch") as exact:
        return asdict(compare(int8, exact, rows).macro_f1)


def _lost(judge: Judge, int8: Decided, exact: Decided, source: str) -> dict[str, float | None]:
    at = np.flatnonzero(judge.sources == source)
    compared = difference(
        judge.gold[at],
        int8.states[at],
        exact.states[at],
        [judge.groups[index] for index in at],
    )
    return asdict(compared.macro_f1)


def baseline_figures(judge: Judge) -> dict[str, Any]:
    """Return baseline → source → all figures of those that are quick."""
    found = {EVERYWHERE: by_source(judge, everywhere(judge))}
    for name, score_rows in {
        "keywords": baselines.keywords,
        "TF-IDF + logistic regression": baselines.tfidf,
    }.items():
        print(f"scoring {name}", flush=True)
        found[name] = fitted(judge, score_rows(judge.rows))
    return found


def everywhere(judge: Judge) -> Decided:
    """Give every frame to every sentence, in the stance that it mostly has in the other folds."""
    shares = baselines.shares(judge.rows).astype(np.float32)
    probabilities = decide_plainly(shares).probabilities
    return Decided(probabilities, probabilities[..., 1:].argmax(axis=-1) + 1, withheld={})


def slow_figures(judge: Judge, base: str) -> dict[str, Any]:
    """Return what takes long, with the rows and the model of that day."""
    print("scoring the frozen encoder", flush=True)
    return {
        "fingerprint": fingerprint(judge.rows, base),
        "rows": len(judge.rows),
        "version": VERSION,
        "frozen": fitted(judge, baselines.frozen(judge.rows, base)),
        "transfer": transfer(judge, base),
    }


def fitted(judge: Judge, logits: NDArray[Any]) -> dict[str, Any]:
    """Return source → all figures, each fold calibrated and decided by the other four."""
    return by_source(judge, judge.decide(logits, judge.fit(logits)))


def transfer(judge: Judge, base: str) -> dict[str, Any]:
    """Train on one source, score on the others; thresholds of one half, nothing calibrated."""
    found: dict[str, Any] = {}
    with trainers() as pool:
        jobs = {s: pool.submit(logits_of_one_source, judge.rows, s, base) for s in SOURCES}
        for source, job in jobs.items():
            decided = decide_plainly(job.result())
            found[source] = {
                other: judge.score(decided, other).to_dict() for other in SOURCES if other != source
            }
            print(f"trained on {source} alone", flush=True)
    return found


def logits_of_one_source(rows: Sequence[Row], source: str, base: str) -> NDArray[np.float32]:
    """Train on the rows of one source and return the 8-bit logits of all rows."""
    recipe = replace(RECIPE, epochs=EPOCHS_ON_SEEDS) if source == "seeds" else RECIPE
    training = [row for row in rows if row.source == source]
    classifier = train(training, base, recipe=recipe)
    return int8_logits(classifier, [row.text for row in rows], [row.text for row in training])


def headline(figures: dict[str, Any]) -> dict[str, Any]:
    """Return the figures that stance.json carries: value, low and high for each source."""
    picked = {}
    for source, found in {**figures["shipped"], **figures["kept_apart"]}.items():
        picked[source] = {
            "frames macro-F1": _interval(found["macro_f1"]),
            "stance macro-F1": _interval(found["stance"]["macro_f1"]),
            "ECE": _interval(found["ece"]),
        }
    return picked


def _interval(figure: dict[str, float]) -> list[float]:
    return [round(figure[name], 3) for name in ("value", "low", "high")]


if __name__ == "__main__":
    main()
