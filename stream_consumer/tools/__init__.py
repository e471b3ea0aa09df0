"""Tools of conversations, the outside: companies' HTTP endpoints and MCP servers, the log of calls, the counters.

What may be used and how a result is shown is decided in `graph.tools`; here are connections and stores. `toolbox`
puts both together, once per process, and makes the runtime of a turn.
"""
