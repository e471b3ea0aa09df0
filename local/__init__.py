"""Everything on one machine: embedded stores, the supervisor, the command line, and the demo product."""
