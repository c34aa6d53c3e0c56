"""Results to look at: one self-contained page, and figures for a paper.

rows (JSONL · CSV · Parquet) ─ corpus (articles, groups) ─ page (HTML) · plots (PNG, SVG)
"""

from __future__ import annotations

from stance.report.rows import read_results
from stance.report.write import ReportFiles, write_report

__all__ = ["ReportFiles", "read_results", "write_report"]
