"""The outbox: campaign events on disk, from the game's call to the API's answer.

In: new entries, links, outcomes, decisions. Out: claims to send, receipts. Knows nothing of HTTP,
adapters, rules or how an answer of the API is read.
"""
