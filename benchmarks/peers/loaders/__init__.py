"""Loaders: clients that keep a peer busy, each a process of its own that prints one JSON line."""
