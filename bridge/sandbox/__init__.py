"""The Campaigns API as a local product: same calls, pretend money, faults on demand.

In: calls as the remote API takes them, and calls of its own under /sandbox/v1. Out: the remote
API's answers and a ledger of what was paid. Knows nothing of the daemon, the outbox or delivery.

One file a job: `api` the remote API's calls, `oracle` the sandbox's own, `admission` who may call,
`lifecycle` and `payouts` what a call does, `jobs` what happens after the 202, `books` the SQL,
`faults` what goes wrong on purpose, `readings` all that is our reading and not Oncade's word.
"""
