"""The WebSocket gateway: holds the users' sockets, delivers frames to them, and passes their reports on.

It imports neither the graph nor a web framework: it starts fast, and an idle connection costs little more than the
WebSocket library alone.
"""
