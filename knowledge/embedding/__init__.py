"""Turns text into vectors: local models without a key, paid providers with one, behind one protocol."""
