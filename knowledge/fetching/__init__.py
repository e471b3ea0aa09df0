"""Reading pages from other people's servers: only where allowed, never into our own network, politely, within limits.

`fetcher.Fetcher` reads a page, `discovery.discover` finds the pages of a source. Whatever is decided on the way (which
address may be read, where a redirect may lead, what robots.txt means, how long to wait) is a plain function beside
them.
"""
