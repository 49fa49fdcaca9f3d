"""Webhooks out: written down with what they tell of, signed, delivered at least once.

In: what happened, inside its transaction. Out: POST requests to the campaign's URL, and their log.
"""
