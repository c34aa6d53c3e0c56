"""Numbers as the page's script writes them, in Node, where that is installed."""

import json
import shutil
import subprocess
from importlib import resources

import pytest

from stance.report.formats import percent, signed

NODE = shutil.which("node")


@pytest.mark.skipif(NODE is None, reason="Node is not installed")
def test_the_script_rounds_shares_and_balances_as_the_rest_of_the_page():
    script = resources.files("stance.report").joinpath("page.js").read_text("utf-8")
    counts = [(part, whole) for whole in range(1, 301) for part in range(-whole, whole + 1)]
    balances = [part / whole for part, whole in counts]
    shares = [balance for balance in balances if balance >= 0]
    shares += [part / 8000 for part in range(1000)]  # With halves of a decimal: 0.25%.
    formats = script[script.index("  const halfToEven") : script.index("  // --- Filters")]
    asked = f"""{formats}
      const shares = {shares}, balances = {balances};
      console.log(JSON.stringify([shares.map(percent), balances.map(signed)]));"""
    done = subprocess.run([NODE], input=asked.encode(), capture_output=True, check=True)
    assert json.loads(done.stdout) == [[*map(percent, shares)], [*map(signed, balances)]]
