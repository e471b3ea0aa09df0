"""What is remembered from turn to turn: the latest messages raw, older ones summarised, what the user just did, facts.

One memory for both kinds of turn: a conversation knows what happened in the pages and which nudges were tried, and a
nudge knows what was said in the chat.
"""
