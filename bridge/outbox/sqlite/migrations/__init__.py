"""The numbered steps of the outbox's schema; `schema.sql` beside them is their sum."""
