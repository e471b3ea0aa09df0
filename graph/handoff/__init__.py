"""What a user's message means for who should answer it: the wish for a person, the intent, the mood."""

from graph.handoff.understanding import understand

__all__ = ["understand"]
