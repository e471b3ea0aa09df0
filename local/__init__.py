"""Everything on one machine with one command: embedded stores, supervision, the CLI and the demo product."""
