"""Everything becomes Markdown: a file or page of any supported kind in, one `Document` or a named refusal out.

`converter` is the entrance. Formats whose parsers are large (HTML, PDF, Office files, tables) are read by `worker`, a
process of its own with caps on memory and time, so that a hostile file costs that process and nothing else.
"""
