"""The contract's calls: each is one transaction on the ledger, or one look at its rows.

In: the contract's calls. Out: their answers. Knows nothing of files, threads or commits: a store
supplies `change` and `look`.
"""

from bridge.outbox.calls.every import Calls, campaigns_of

__all__ = ["Calls", "campaigns_of"]
