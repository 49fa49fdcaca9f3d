"""The pages that a player sees: approving a link, joining by an invite; and how pages fail.

In: requests of browsers that nobody signed in. Out: pages. They tell a player about themself only.
"""
