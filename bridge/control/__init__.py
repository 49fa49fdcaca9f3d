"""Everything over HTTP that isn't an achievement: players, receipts, operators' calls, health.

In: calls from games and operators. Out: views of the outbox, links, decisions. Knows nothing of
adapters or the remote API.
"""
