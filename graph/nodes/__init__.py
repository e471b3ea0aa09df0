"""The nodes of the graph, one file each: read the state, ask or write through the context, return changes."""
