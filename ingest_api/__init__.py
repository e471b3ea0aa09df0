"""The HTTP API: takes events in, and lets hosts and people read and steer what the agent does."""
