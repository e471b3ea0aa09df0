"""`python -m local.demo`: the demo product as a process of its own, configured by `DEMO_*` variables."""

from local.demo.config import DemoConfig
from local.demo.server import run

if __name__ == "__main__":
    run(DemoConfig())
