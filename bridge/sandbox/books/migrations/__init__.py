"""The numbered steps of the sandbox's schema; together they equal `schema.sql`.

In: nothing. Out: `.sql` files. Knows nothing of what reads them.
"""
