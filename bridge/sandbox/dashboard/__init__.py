"""The owner's pages: campaigns, their money, users, invites, keys, webhooks; the faults.

In: requests of a browser that is signed in. Out: pages, and effects through the same functions
that the API uses.
"""
