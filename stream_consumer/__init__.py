"""The stream consumers: what happens to an event, a turn or a notification after it was accepted.

`worker.run(roles)` is the process. One loop (`loop.py`) serves every role; a role is a handler.
"""
