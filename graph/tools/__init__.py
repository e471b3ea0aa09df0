"""Tools of a conversation: what a model may ask for, and what of it is done.

A model's wish is text that may hold anything. Whether a tool may be used, whether its arguments are sound, how much of
its result is passed on and how it is quoted are decided here; `runtime.ToolRuntime` puts these decisions in order.
Nothing here opens a connection: the tools of a company, the log of calls and the counters lie behind Protocols
(`contracts`), which the consumer implements.
"""
