"""The Campaigns API as a local product: same calls, pretend money, faults on demand.

In: calls as the remote API takes them, and calls of its own under /sandbox/v1. Out: the remote
API's answers and a ledger of what was paid. Knows nothing of the daemon, the outbox or delivery.

`api` are the remote API's calls and their OpenAPI document, `oracle` the sandbox's own calls,
`dashboard` the owner's pages, `hosted` the player's. What a call does stands in `campaigns`,
`lifecycle`, `payouts`, `linking` and `inviting`, over `books`, the SQL. What happens by itself:
`jobs` after a 202, `expiry` of link sessions, `webhooks` out. `admission`, `idempotency` and
`guard` stand before each call, `faults` spoils it on purpose, and `readings` has all that is our
reading and not Oncade's word.
"""
