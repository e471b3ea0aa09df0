"""A conversation turn: how it is understood, answered sentence by sentence, and ended; what the nodes do then."""
