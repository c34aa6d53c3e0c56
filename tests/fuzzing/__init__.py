"""Fuzzing: whatever a stranger's text, file or model holds, stance reads it or says why not.

``targets`` lists what is fuzzed, and what has to hold of it; ``inputs`` draws the cases. Hypothesis
and atheris (guided by coverage) run over the same list, from the repository's root::

    python -m tests.fuzzing --cases 10000
    python -m tests.fuzzing --cases 10000 --engine atheris      (pip install "stance[fuzz]")

Both print a table of targets, cases, seconds and findings, and exit with 1 where there is any. The
suite runs a hundred cases of each target, the same ones every time (``test_fuzzing.py``).
"""
