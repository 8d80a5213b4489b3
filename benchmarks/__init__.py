"""Measurements that the README states, each run by `python -m benchmarks.NAME`."""
