"""Which keys and message ids are known, for ever, at a cost that doesn't grow with them.

In: new entries. Out: whether a key or a message id was seen before, and whose entries are whose. A
unique index over hashes would do the same, and write a page of its own for each of them: after a
few million keys that is all a disk does. Here the newest entries are in memory, all others in
sorted segments that are written once, and a filter in memory says which segments are worth a look.

```text
 entry ──▶ tail (memory) ──▶ every 4,096: a segment (keys, message ids, players; each sorted)
   └─────▶ filter (memory) ──▶ every 32,768: written as well
```
Everything in memory is a hint: it may name an entry that is not there (its transaction was rolled
back, an operator forgot it), so whoever is named is looked at; it never fails to name one that is.
"""

from bridge.outbox.sqlite.known.index import Known

__all__ = ["Known"]
