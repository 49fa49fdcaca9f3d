"""The outbox as a file, on the command line: backup, restore, check, salvage, export, prune."""
