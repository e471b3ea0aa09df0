"""Bringing a source in: read its documents, keep what is unchanged, prepare what is new, publish all of it at once."""
