"""The routes, one module per resource; thin: check, call a query function, answer."""
