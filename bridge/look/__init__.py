"""How pages look: one small design system below the sandbox's dashboard and the console.

In: templates and values. Out: pages, their style and their plots. Knows nothing of campaigns,
entries or sessions.
"""
