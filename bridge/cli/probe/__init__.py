"""`campaign-bridge probe-idempotency`: how long the API remembers an Idempotency-Key.

In: a test campaign, a user, an event. Out: events sent twice at growing gaps, payouts counted, and
the longest `key_horizon` that can be trusted. Needs neither daemon nor outbox.
"""

from bridge.cli.probe.command import command

__all__ = ["command"]
