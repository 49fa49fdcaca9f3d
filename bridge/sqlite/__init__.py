"""SQLite the way this project needs it: one writer thread, group commit, nothing answered unsynced.

In: jobs, functions of a connection. Out: their results, after the commit that holds them was
synced. Knows nothing of entries, campaigns or HTTP; the outbox and the sandbox both stand on it.
"""
