"""Peers: stores that keep their word as we do, each on the same work and by the same rules."""
