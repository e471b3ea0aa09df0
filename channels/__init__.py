"""Ways to reach people outside the product: webhook, Slack, e-mail. One small class each, one Protocol.

A channel sends one message once and says how it went; when to try again is decided by whoever calls it.
"""
