"""The graph of one turn: diagnose, route, coach, act, escalate; and the reasoners that think for it.

Imports core alone. Stores, delivery, clock and reasoner are handed in as the runtime context (`graph.context`).
"""
