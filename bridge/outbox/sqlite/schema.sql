-- Rules in force have a place; a rule that has made entries stays known.
CREATE TABLE rules (
  id         INTEGER PRIMARY KEY,
  definition TEXT NOT NULL UNIQUE,
  place      INTEGER,
  used       INTEGER NOT NULL DEFAULT 0
) STRICT;

-- One campaign event each. Times are milliseconds since 1970 on the ledger's clock. `key` is unique,
-- and so is `digest`, the message id that made it: the tables below see to that, where an index
-- would write a page for each.
CREATE TABLE entries (
  id                  INTEGER PRIMARY KEY,
  key                 BLOB NOT NULL,
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
  fenced              INTEGER NOT NULL DEFAULT 0,
  amount              INTEGER,
  accepted_at         INTEGER,
  look_at             INTEGER,
  looks               INTEGER NOT NULL DEFAULT 0,
  brakes              TEXT NOT NULL DEFAULT '',
  digest              BLOB,
  content             BLOB
) STRICT;

-- What a claim looks for, each index only as large as the work that is open.
CREATE INDEX entries_due ON entries (campaign, due_at, id) WHERE state = 'due' AND fenced = 0;
CREATE INDEX entries_leased ON entries (campaign, lease_until) WHERE state = 'sending';
CREATE INDEX entries_held ON entries (campaign, due_at) WHERE state = 'held' AND due_at IS NOT NULL;
CREATE INDEX entries_unproven ON entries (campaign, bound_ref, event_code)
  WHERE first_maybe_sent_at IS NOT NULL;
CREATE INDEX entries_fenced ON entries (campaign, user_ref, event_code, id) WHERE fenced = 1;
CREATE INDEX entries_held_why ON entries (reason, campaign, id) WHERE state = 'held';
CREATE INDEX entries_to_look_for ON entries (campaign, look_at) WHERE look_at IS NOT NULL;
CREATE INDEX entries_looked_for ON entries (campaign, bound_ref) WHERE look_at IS NOT NULL;
CREATE INDEX entries_unpaid ON entries (campaign, accepted_at) WHERE state = 'accepted';
CREATE INDEX entries_fenced_due ON entries (campaign, due_at) WHERE fenced = 1;
CREATE INDEX entries_uncertain ON entries (campaign, first_maybe_sent_at)
  WHERE state = 'uncertain';
CREATE INDEX entries_of_user ON entries (campaign, bound_ref, event_code, id)
  WHERE bound_ref IS NOT NULL;

-- Entries that have arrived faster than they could be filed: many to a row, packed, numbered without
-- a gap from `first`, kept `at` one time. They become rows of `entries`, with these numbers and of
-- this time, as soon as there is time.
CREATE TABLE arrivals (
  first  INTEGER PRIMARY KEY,
  n      INTEGER NOT NULL,
  at     INTEGER NOT NULL,
  packed BLOB NOT NULL
) STRICT;

-- What is known of entries up to `last`, in sorted segments that are written once. A slot of the
-- filter spans several; `filters` holds the bits of full slots, eight to a block.
CREATE TABLE segments (
  slot   INTEGER NOT NULL,
  number INTEGER NOT NULL,
  first  INTEGER NOT NULL,
  last   INTEGER NOT NULL,
  PRIMARY KEY (slot, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE known_keys (
  segment  INTEGER NOT NULL,
  key      BLOB NOT NULL,
  entry_id INTEGER NOT NULL,
  PRIMARY KEY (segment, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE known_digests (
  segment  INTEGER NOT NULL,
  digest   BLOB NOT NULL,
  entry_id INTEGER NOT NULL,
  PRIMARY KEY (segment, digest)
) STRICT, WITHOUT ROWID;

CREATE TABLE known_players (
  segment  INTEGER NOT NULL,
  player   TEXT NOT NULL,
  entry_id INTEGER NOT NULL,
  PRIMARY KEY (segment, player, entry_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE filters (
  block INTEGER PRIMARY KEY,
  slots INTEGER NOT NULL,
  bits  BLOB NOT NULL
) STRICT;

-- How many entries a campaign has in a state (held ones by their reason), how many of them are
-- fenced, and what they cost (millionths of a token unit). New entries are added by who inserts them,
-- many at once; what changes later by triggers, unless who changes many at once adds them up and has
-- the trigger be `quiet` meanwhile. So nobody has to count.
CREATE TABLE totals (
  campaign TEXT NOT NULL,
  state    TEXT NOT NULL,
  reason   TEXT NOT NULL,
  n        INTEGER NOT NULL,
  fenced   INTEGER NOT NULL,
  amount   INTEGER NOT NULL,
  unpriced INTEGER NOT NULL,
  PRIMARY KEY (campaign, state, reason)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER entry_moves AFTER UPDATE OF state, reason, fenced, amount ON entries
WHEN (old.state <> new.state OR old.fenced <> new.fenced OR old.amount IS NOT new.amount
  OR (new.state = 'held' AND old.reason <> new.reason)) AND (SELECT quiet FROM ledger) IS NOT 1 BEGIN
  UPDATE totals SET n = n - 1, fenced = fenced - old.fenced,
                    amount = amount - coalesce(old.amount, 0),
                    unpriced = unpriced - (old.amount IS NULL)
  WHERE campaign = old.campaign AND state = old.state
    AND reason = iif(old.state = 'held', old.reason, '');
  INSERT INTO totals (campaign, state, reason, n, fenced, amount, unpriced)
  VALUES (new.campaign, new.state, iif(new.state = 'held', new.reason, ''), 1, new.fenced,
          coalesce(new.amount, 0), new.amount IS NULL)
  ON CONFLICT DO UPDATE SET n = n + 1, fenced = fenced + excluded.fenced,
                            amount = amount + excluded.amount,
                            unpriced = unpriced + excluded.unpriced;
END;

CREATE TRIGGER entry_goes AFTER DELETE ON entries BEGIN
  UPDATE totals SET n = n - 1, fenced = fenced - old.fenced,
                    amount = amount - coalesce(old.amount, 0),
                    unpriced = unpriced - (old.amount IS NULL)
  WHERE campaign = old.campaign AND state = old.state
    AND reason = iif(old.state = 'held', old.reason, '');
END;

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

-- Message ids, for ever, beside those that made the entry they are in: a resend gets its first
-- decision again. Without an entry the message only moved counters; `counted` says whether it moved
-- any.
CREATE TABLE message_ids (
  digest   BLOB PRIMARY KEY,
  entry_id INTEGER REFERENCES entries,
  content  BLOB NOT NULL,
  counted  INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- What rules that count have come to, each in one scope (JSON): events since it was last full or
-- set back, how often it was full, when the last event that counted occurred. `replayed` where all
-- of them came in replays. Kept for ever, since keys are made of `filled`.
CREATE TABLE counters (
  rule_id  INTEGER NOT NULL REFERENCES rules,
  scope    TEXT NOT NULL,
  seen     INTEGER NOT NULL,
  filled   INTEGER NOT NULL,
  last_at  INTEGER,
  replayed INTEGER NOT NULL,
  PRIMARY KEY (rule_id, scope)
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

CREATE INDEX links_of_user ON links (campaign, user_ref);

-- Decisions and links: who, when, what.
CREATE TABLE journal (
  id       INTEGER PRIMARY KEY,
  at       INTEGER NOT NULL,
  who      TEXT NOT NULL,
  what     TEXT NOT NULL,
  entry_id INTEGER REFERENCES entries,
  detail   TEXT NOT NULL,
  player   TEXT
) STRICT;

CREATE INDEX journal_of_entry ON journal (entry_id) WHERE entry_id IS NOT NULL;
CREATE INDEX journal_of_player ON journal (player, id) WHERE player IS NOT NULL;

-- Each change of a state that games are told of, oldest first; the last ones only.
CREATE TABLE changes (
  number   INTEGER PRIMARY KEY AUTOINCREMENT,
  at       INTEGER NOT NULL,
  entry_id INTEGER NOT NULL,
  state    TEXT NOT NULL,
  reason   TEXT NOT NULL
) STRICT;

-- The ledger itself: one row. `sequence` rises with every change, and a witness outside knows it.
-- `quiet` is never 1 at the end of a transaction.
CREATE TABLE ledger (
  only       INTEGER PRIMARY KEY CHECK (only = 1),
  identity   BLOB NOT NULL,
  sequence   INTEGER NOT NULL,
  quarantine TEXT NOT NULL,
  copied     INTEGER NOT NULL,
  quiet      INTEGER NOT NULL DEFAULT 0
) STRICT;

INSERT INTO ledger VALUES (1, randomblob(16), 0, '', 0, 0);

-- What is known of a campaign beside its entries; money in millionths of a token unit.
CREATE TABLE lanes (
  campaign   TEXT PRIMARY KEY,
  shadow     INTEGER NOT NULL DEFAULT 0,
  history    INTEGER NOT NULL DEFAULT 1,
  first_look INTEGER NOT NULL DEFAULT 3000,
  per_user   INTEGER NOT NULL DEFAULT 1,
  paused_at  INTEGER,
  paused_by  TEXT NOT NULL DEFAULT '',
  paused_for TEXT NOT NULL DEFAULT '',
  paid_base  INTEGER,
  base_most  INTEGER,
  paid_out   INTEGER,
  paid_least INTEGER,
  paid_most  INTEGER,
  paid_at    INTEGER
) STRICT, WITHOUT ROWID;

-- What a campaign pays for each of its events, as the API last said.
CREATE TABLE prices (
  campaign   TEXT NOT NULL,
  event_code TEXT NOT NULL,
  amount     INTEGER NOT NULL,
  PRIMARY KEY (campaign, event_code)
) STRICT, WITHOUT ROWID;

-- What brakes have counted: a number, or millionths of a token unit, for a day or a minute.
CREATE TABLE tallies (
  scope  TEXT NOT NULL,
  period TEXT NOT NULL,
  value  INTEGER NOT NULL,
  at     INTEGER NOT NULL,
  PRIMARY KEY (scope, period)
) STRICT, WITHOUT ROWID;

CREATE INDEX tallies_by_age ON tallies (at);

-- Link sessions. `key` is the Idempotency-Key under which the API was asked; without a player the
-- session was begun on the public page, and a code will say who it was for.
CREATE TABLE sessions (
  id          INTEGER PRIMARY KEY,
  key         TEXT NOT NULL UNIQUE,
  campaign    TEXT NOT NULL,
  player      TEXT,
  email       TEXT,
  session_key TEXT,
  url         TEXT,
  state       TEXT NOT NULL,
  detail      TEXT NOT NULL DEFAULT '',
  user_ref    TEXT,
  started_at  INTEGER NOT NULL,
  updated_at  INTEGER NOT NULL,
  ends_at     INTEGER NOT NULL,
  look_at     INTEGER,
  looks       INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX sessions_to_look_at ON sessions (look_at) WHERE look_at IS NOT NULL;
CREATE INDEX sessions_of_player ON sessions (player, campaign, id);
CREATE INDEX sessions_by_name ON sessions (session_key) WHERE session_key IS NOT NULL;

-- How many link sessions a campaign has in a state; kept by triggers, too.
CREATE TABLE session_totals (
  campaign TEXT NOT NULL,
  state    TEXT NOT NULL,
  n        INTEGER NOT NULL,
  PRIMARY KEY (campaign, state)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER session_comes AFTER INSERT ON sessions BEGIN
  INSERT INTO session_totals (campaign, state, n) VALUES (new.campaign, new.state, 1)
  ON CONFLICT DO UPDATE SET n = n + 1;
END;

CREATE TRIGGER session_moves AFTER UPDATE OF state ON sessions WHEN old.state <> new.state BEGIN
  UPDATE session_totals SET n = n - 1 WHERE campaign = old.campaign AND state = old.state;
  INSERT INTO session_totals (campaign, state, n) VALUES (new.campaign, new.state, 1)
  ON CONFLICT DO UPDATE SET n = n + 1;
END;

CREATE TRIGGER session_goes AFTER DELETE ON sessions BEGIN
  UPDATE session_totals SET n = n - 1 WHERE campaign = old.campaign AND state = old.state;
END;

-- Codes that prove who somebody is: shown on the page and typed in the game, or the other way.
CREATE TABLE codes (
  digest     BLOB PRIMARY KEY,
  campaign   TEXT NOT NULL,
  player     TEXT,
  session_id INTEGER REFERENCES sessions,
  ends_at    INTEGER NOT NULL,
  used_at    INTEGER
) STRICT, WITHOUT ROWID;

-- Webhooks as they came, each body once.
CREATE TABLE inbox (
  digest      BLOB PRIMARY KEY,
  campaign    TEXT NOT NULL,
  event       TEXT NOT NULL,
  sent_at     INTEGER,
  received_at INTEGER NOT NULL,
  body        BLOB NOT NULL,
  became      TEXT NOT NULL,
  entry_id    INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX inbox_of_entry ON inbox (entry_id) WHERE entry_id IS NOT NULL;

-- Payouts that the API has told of, by webhook or history; each proves at most one entry. The two
-- may name one payout differently: `id` is the one that people are shown, `told_id` a webhook's,
-- `row_id` the history's (null until it has shown it), `hash` the history's second one. An operator
-- may say that one is not ours: then it proves nothing any more, and is no finding.
CREATE TABLE payouts (
  number     INTEGER PRIMARY KEY,
  campaign   TEXT NOT NULL,
  id         TEXT NOT NULL,
  told_id    TEXT,
  row_id     TEXT,
  hash       TEXT,
  user_ref   TEXT NOT NULL,
  event_code TEXT NOT NULL,
  amount     INTEGER,
  paid_at    INTEGER,
  seen_at    INTEGER NOT NULL,
  via        TEXT NOT NULL,
  wire_key   BLOB,
  entry_id   INTEGER,
  not_ours   INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE UNIQUE INDEX payouts_of_entry ON payouts (entry_id) WHERE entry_id IS NOT NULL;
CREATE UNIQUE INDEX payouts_of_row ON payouts (campaign, row_id) WHERE row_id IS NOT NULL;
CREATE INDEX payouts_of_hash ON payouts (campaign, hash) WHERE hash IS NOT NULL;
CREATE INDEX payouts_named ON payouts (campaign, id) WHERE id IS NOT row_id;
CREATE INDEX payouts_told ON payouts (campaign, told_id) WHERE told_id IS NOT NULL;
CREATE INDEX payouts_of_kind ON payouts (campaign, user_ref, event_code);
CREATE INDEX payouts_unmatched ON payouts (campaign, user_ref, event_code) WHERE entry_id IS NULL;
CREATE INDEX payouts_unshown ON payouts (campaign, user_ref, event_code) WHERE row_id IS NULL;

-- Sources that were ever in the settings; a used one has made entries.
CREATE TABLE sources (
  name     TEXT PRIMARY KEY,
  id_scope TEXT NOT NULL,
  used     INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- What a source has come to, '' for the source itself, else for one of its state files: what its
-- adapter remembers, and where its reader goes on.
CREATE TABLE turns (
  source  TEXT NOT NULL,
  part    TEXT NOT NULL,
  adapter TEXT NOT NULL,
  memory  TEXT,
  place   TEXT,
  at      INTEGER NOT NULL,
  PRIMARY KEY (source, part)
) STRICT, WITHOUT ROWID;

-- Messages that an adapter failed on.
CREATE TABLE asides (
  id       INTEGER PRIMARY KEY,
  source   TEXT NOT NULL,
  adapter  TEXT NOT NULL,
  at       INTEGER NOT NULL,
  peer     TEXT NOT NULL,
  position TEXT,
  body     BLOB NOT NULL,
  error    TEXT NOT NULL
) STRICT;

CREATE INDEX asides_of_source ON asides (source, id);
