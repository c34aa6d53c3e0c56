"""Mutation testing: how many of the small faults put into the code do the tests notice?

mutmut makes the faults (a comparison turned, an argument left out, a message changed) in a copy,
the folder ``mutants/``, and runs for each the tests that reach it. From the repository's root::

    python -m tests.mutation decision codebook resampling scoring
    python -m tests.mutation files --sample 150 --seed 0

``[tool.mutmut]`` of pyproject.toml says which modules and which tests. Results are kept in
``mutants/``, so that a run that was cut off goes on; ``mutmut browse`` shows what survived.
"""
