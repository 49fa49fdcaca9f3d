"""What `campaign-bridge adapters new` writes: a package that works and is tested at once.

In: an adapter's name and what its players' ids are worth. Out: files. Knows nothing of the
command line.
"""

from bridge.cli.scaffold.package import files, write

__all__ = ["files", "write"]
