"""The Campaigns API as Oncade documents it: one table of operations, served and described.

In: requests under /api/v1. Out: answers once what they promise is on disk.
"""
