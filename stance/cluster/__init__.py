"""Labelling on many machines: with Ray Data (``batch``, ``dataset``) or with Spark (``spark``)."""
