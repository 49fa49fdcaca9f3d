"""Who a player is: the one spelling under which feats are counted, for ever.

In: ids as engines write them. Out: canonical ids. Knows nothing of entries or the API.
"""
