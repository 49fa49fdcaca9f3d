"""What can still be read of a damaged SQLite file, page by page, without SQLite's help.

In: a database file and its log, both only read. Out: rows by table, and what could not be read.
SQLite itself stops at the first page that is not in order; a table of which one page is gone would
be lost with it. Knows nothing of what the rows mean.

```text
 file ─▶ pages (the log's newest whole frames over the file's) ─▶ cells ─▶ records ─▶ rows
```
"""
