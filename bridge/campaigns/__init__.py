"""The Campaigns API as we speak it.

In: a campaign, its key, a call. Out: what the answer means. Knows nothing of entries or lanes.
Sources of each fact: Oncade's Campaigns guide and API reference; what those leave open is in
`readings.py`.
"""
