"""Generators of load: processes of their own that report JSON."""
