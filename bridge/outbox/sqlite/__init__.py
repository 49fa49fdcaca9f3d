"""The outbox in a SQLite file: the backend of every installation that has one machine.

In: the contract's calls. Out: their answers, once they are synced. Knows nothing that the
contract doesn't say.
"""
