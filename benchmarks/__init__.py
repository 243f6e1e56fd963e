"""Measurements of the hot path, each beside the obvious way to do the same, in one run."""
