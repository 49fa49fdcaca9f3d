"""Logs and state files that an engine writes: read as they grow, each line once.

In: files. Out: messages for a source's road, with where reading goes on. Knows nothing of what a
line says.
"""
