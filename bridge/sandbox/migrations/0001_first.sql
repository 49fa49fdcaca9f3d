-- Campaigns, what may be paid to whom, stored answers, jobs, and the ledger of payouts.

CREATE TABLE campaign (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
  status TEXT NOT NULL,
  api_key_hash BLOB NOT NULL UNIQUE,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  funded INTEGER NOT NULL DEFAULT 0,
  paid_out INTEGER NOT NULL DEFAULT 0,
  withdrawn INTEGER NOT NULL DEFAULT 0,
  available INTEGER NOT NULL DEFAULT 0 CHECK (available >= 0),
  CHECK (funded = paid_out + withdrawn + available)
) STRICT;

CREATE TABLE configured_event (
  campaign_id TEXT NOT NULL REFERENCES campaign (id),
  position INTEGER NOT NULL,
  code TEXT NOT NULL,
  name TEXT NOT NULL,
  payout_amount INTEGER NOT NULL CHECK (payout_amount > 0),
  PRIMARY KEY (campaign_id, code)
) STRICT, WITHOUT ROWID;

CREATE TABLE linked_user (
  campaign_id TEXT NOT NULL REFERENCES campaign (id),
  user_ref TEXT NOT NULL,
  email TEXT,
  linked_at TEXT NOT NULL,
  PRIMARY KEY (campaign_id, user_ref)
) STRICT, WITHOUT ROWID;

CREATE TABLE answer (
  campaign_id TEXT NOT NULL REFERENCES campaign (id),
  call TEXT NOT NULL,
  idempotency_key TEXT NOT NULL,
  body_hash BLOB NOT NULL,
  status INTEGER NOT NULL,
  body BLOB NOT NULL,
  stored_at INTEGER NOT NULL,
  PRIMARY KEY (campaign_id, call, idempotency_key)
) STRICT, WITHOUT ROWID;

CREATE INDEX answer_by_age ON answer (stored_at);

CREATE TABLE job (
  id INTEGER PRIMARY KEY,
  campaign_id TEXT NOT NULL REFERENCES campaign (id),
  kind TEXT NOT NULL CHECK (kind IN ('start', 'stop', 'withdraw', 'payout')),
  state TEXT NOT NULL DEFAULT 'enqueued' CHECK (state IN ('enqueued', 'done', 'failed')),
  user_ref TEXT,
  event_code TEXT,
  amount INTEGER,
  idempotency_key TEXT,
  created_at TEXT NOT NULL,
  CHECK (kind <> 'payout' OR (user_ref IS NOT NULL AND event_code IS NOT NULL AND amount > 0))
) STRICT;

CREATE INDEX job_enqueued ON job (id) WHERE state = 'enqueued';

CREATE TABLE payout (
  id INTEGER PRIMARY KEY,
  job_id INTEGER NOT NULL UNIQUE REFERENCES job (id),
  campaign_id TEXT NOT NULL REFERENCES campaign (id),
  user_ref TEXT NOT NULL,
  event_code TEXT NOT NULL,
  amount INTEGER NOT NULL CHECK (amount > 0),
  idempotency_key TEXT,
  created_at TEXT NOT NULL
) STRICT;

CREATE INDEX payout_by_campaign ON payout (campaign_id, id);

CREATE TABLE failed_payout (
  job_id INTEGER PRIMARY KEY REFERENCES job (id),
  reason TEXT NOT NULL,
  failed_at TEXT NOT NULL
) STRICT;
