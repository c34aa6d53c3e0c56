"""A pytest plugin: Hypothesis without chance, so that a mutant is caught in every run or in none.

It stands in for ``conftest.py``, whose model the tests of these modules do without. What fails is
not shrunk, which would only take time.
"""

from hypothesis import HealthCheck, Phase, settings

settings.register_profile(
    "mutation",
    deadline=None,
    derandomize=True,
    max_examples=25,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
settings.load_profile("mutation")
