"""The sandbox's own calls under /sandbox/v1: the oracle of every test; nothing of it is Oncade's.

In: requests with the admin token. Out: JSON without a `success` wrapper, errors in the API's
envelope. Knows nothing of the API's own calls.
"""
