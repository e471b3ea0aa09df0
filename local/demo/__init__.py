"""The demo product: a small SaaS with a real onboarding path, so that the agent can be seen at work.

It is a host like any other: its pages use the public SDK, its server mints user tokens with the secret key, and it
imports nothing of the agent itself.
"""
