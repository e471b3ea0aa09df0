"""Notices when a user is stuck, and decides whether to speak: plain functions of values, used live and in replay.

`fold` keeps a user's window, `detect` and `detect_idle` read signals from it, `decide` holds the agent back. Nothing
here reads a clock or does I/O; `now` is always handed in.
"""
