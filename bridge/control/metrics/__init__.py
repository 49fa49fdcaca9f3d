"""The numbers that Prometheus asks for: one module a room of the road.

In: the desk's status, and what only a running daemon can measure. Out: /metrics.
"""
