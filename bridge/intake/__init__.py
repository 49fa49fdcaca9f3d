"""The doors: game servers say what happened, over HTTP and UDP.

In: calls and datagrams. Out: `RawMessage`s for the sink, answers for the game. Knows nothing of
adapters, entries or campaigns.
"""
