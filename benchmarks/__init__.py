"""Benchmarks: the nine goals, each as a ratio against something run in the same minutes."""
