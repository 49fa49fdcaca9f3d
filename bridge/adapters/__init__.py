"""Adapters: what an engine said becomes game events.

In: plugins and raw messages. Out: game events. Knows nothing of rules, the outbox or doors.
"""
