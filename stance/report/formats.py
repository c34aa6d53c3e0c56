"""Numbers as the page writes them; ``page.js`` writes the same ones alike."""

from __future__ import annotations

from stance.figures import Figure

__all__ = ["RARE", "count", "interval", "percent", "probability", "signed", "signed_interval"]

#: Shares below it have one decimal, so that a rare frame is not rounded to nothing.
RARE = 0.1


def count(number: int) -> str:
    """Write a count."""
    return f"{number:,}"


def percent(value: float | None) -> str:
    """Write a share.

    >>> percent(0), percent(0.00275), percent(0.25)
    ('0%', '0.3%', '25%')
    """
    if value is None:
        return "–"
    return f"{value:.1%}" if 0 < value < RARE else f"{value:.0%}"


def signed(value: float | None) -> str:
    """Write a balance of stances."""
    return "–" if value is None else f"{value:+.2f}".replace("-", "−")


def probability(value: float) -> str:
    """Write a probability, rounded as the script's data are: the same may stand elsewhere."""
    return f"{round(100 * value) / 100:.2f}"


def interval(share: Figure) -> str:
    """Write the interval of a share; nothing where it has none."""
    if share.low is None or share.high is None:
        return ""
    return f"({percent(share.low)} to {percent(share.high)})"


def signed_interval(balance: Figure) -> str:
    """Write the interval of a balance; nothing where it has none."""
    if balance.low is None or balance.high is None:
        return ""
    return f"({signed(balance.low)} to {signed(balance.high)})"
