"""Who may come in: tokens and their roles, unix peers, foreign browsers, and what they are told.

In: settings and calls. Out: a role for each call, or a problem document. Knows nothing of messages,
entries or campaigns.
"""
