"""The second half of the road: entries leave the outbox for the Campaigns API.

In: claims from the outbox. Out: calls on a `Sender`, outcomes recorded. Knows nothing of game
servers, adapters or rules.
"""
