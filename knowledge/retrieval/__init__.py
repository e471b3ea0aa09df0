"""Finds the passages that answer a question: full text and vectors from one snapshot, fused by measured weights."""
