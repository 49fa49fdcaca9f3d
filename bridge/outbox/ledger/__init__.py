"""What an outbox does, written once: each call of the contract as a function on a `Book`.

In: one transaction's rows and its time. Out: what the calls promise. Knows nothing of threads or
commits; a store runs each call in a transaction of its own.
"""
