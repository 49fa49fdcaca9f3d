-- Rules in force have a place; a rule that has made entries stays known.
CREATE TABLE rules (
  id         INTEGER PRIMARY KEY,
  definition TEXT NOT NULL UNIQUE,
  place      INTEGER,
  used       INTEGER NOT NULL DEFAULT 0
) STRICT;

-- One campaign event each. Times are milliseconds since 1970 on the ledger's clock.
CREATE TABLE entries (
  id                  INTEGER PRIMARY KEY,
  key                 BLOB NOT NULL UNIQUE,
  campaign            TEXT NOT NULL,
  player              TEXT NOT NULL,
  event_code          TEXT NOT NULL,
  feat                TEXT NOT NULL,
  occurrence          TEXT NOT NULL,
  rule_id             INTEGER NOT NULL REFERENCES rules,
  state               TEXT NOT NULL,
  reason              TEXT NOT NULL DEFAULT '',
  user_ref            TEXT,
  created_at          INTEGER NOT NULL,
  updated_at          INTEGER NOT NULL,
  due_at              INTEGER,
  bound_ref           TEXT,
  body                BLOB,
  wire_key            BLOB,
  binding             INTEGER NOT NULL DEFAULT 0,
  rebind              INTEGER NOT NULL DEFAULT 0,
  attempts            INTEGER NOT NULL DEFAULT 0,
  failures            INTEGER NOT NULL DEFAULT 0,
  refusals            INTEGER NOT NULL DEFAULT 0,
  conflicts           INTEGER NOT NULL DEFAULT 0,
  lease_until         INTEGER,
  lease_owner         TEXT,
  first_maybe_sent_at INTEGER,
  mark_attempt        INTEGER,
  fenced              INTEGER NOT NULL DEFAULT 0
) STRICT;

-- What a claim looks for, each index only as large as the work that is open.
CREATE INDEX entries_due ON entries (campaign, due_at, id) WHERE state = 'due' AND fenced = 0;
CREATE INDEX entries_leased ON entries (campaign, lease_until) WHERE state = 'sending';
CREATE INDEX entries_held ON entries (campaign, due_at) WHERE state = 'held' AND due_at IS NOT NULL;
CREATE INDEX entries_unproven ON entries (campaign, bound_ref, event_code)
  WHERE first_maybe_sent_at IS NOT NULL;
CREATE INDEX entries_fenced ON entries (campaign, user_ref, event_code, id) WHERE fenced = 1;
CREATE INDEX entries_of_player ON entries (player, campaign, id);

-- Where an entry came from, for its receipt.
CREATE TABLE origins (
  entry_id    INTEGER PRIMARY KEY REFERENCES entries,
  source      TEXT NOT NULL,
  peer        TEXT NOT NULL,
  adapter     TEXT NOT NULL,
  raw         BLOB NOT NULL,
  received_at INTEGER NOT NULL,
  name        TEXT NOT NULL,
  id          TEXT,
  occurred_at INTEGER
) STRICT;

-- Known message ids, for ever: a resend gets its first decision again.
CREATE TABLE message_ids (
  digest   BLOB PRIMARY KEY,
  entry_id INTEGER NOT NULL REFERENCES entries,
  content  BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Every wire key beyond an entry's own, with what was sent under it.
CREATE TABLE bindings (
  entry_id INTEGER NOT NULL REFERENCES entries,
  binding  INTEGER NOT NULL,
  wire_key BLOB NOT NULL UNIQUE,
  user_ref TEXT NOT NULL,
  body     BLOB NOT NULL,
  PRIMARY KEY (entry_id, binding)
) STRICT, WITHOUT ROWID;

CREATE TABLE attempts (
  entry_id INTEGER NOT NULL REFERENCES entries,
  number   INTEGER NOT NULL,
  binding  INTEGER NOT NULL,
  at       INTEGER NOT NULL,
  outcome  TEXT NOT NULL,
  status   INTEGER,
  detail   TEXT NOT NULL,
  head     TEXT NOT NULL,
  seconds  REAL NOT NULL
) STRICT;

CREATE INDEX attempts_of_entry ON attempts (entry_id);

CREATE TABLE links (
  campaign TEXT NOT NULL,
  player   TEXT NOT NULL,
  user_ref TEXT NOT NULL,
  since    INTEGER NOT NULL,
  via      TEXT NOT NULL,
  PRIMARY KEY (player, campaign)
) STRICT, WITHOUT ROWID;

-- Decisions and links: who, when, what.
CREATE TABLE journal (
  id       INTEGER PRIMARY KEY,
  at       INTEGER NOT NULL,
  who      TEXT NOT NULL,
  what     TEXT NOT NULL,
  entry_id INTEGER REFERENCES entries,
  detail   TEXT NOT NULL
) STRICT;

CREATE INDEX journal_of_entry ON journal (entry_id) WHERE entry_id IS NOT NULL;
