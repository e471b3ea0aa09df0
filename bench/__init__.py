"""Benchmarks: ours beside its raw limit, alternating, in one run. `make bench`, or `make bench ONLY=ingest`."""
