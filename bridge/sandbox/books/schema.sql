-- The sandbox's schema as it is today, for reading; the migrations make it. Amounts are micro-units,
-- times are text as the API writes them; those that are counted with are milliseconds since 1970.

CREATE TABLE campaign (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
  status TEXT NOT NULL,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  funded INTEGER NOT NULL DEFAULT 0,
  paid_out INTEGER NOT NULL DEFAULT 0,
  withdrawn INTEGER NOT NULL DEFAULT 0,
  available INTEGER NOT NULL DEFAULT 0 CHECK (available >= 0),
  CHECK (funded = paid_out + withdrawn + available)
) STRICT;

-- Keys are random, so that a plain hash can't be turned round; `tail` tells them apart on a page.
CREATE TABLE api_key (
  id INTEGER PRIMARY KEY,
  campaign_id TEXT NOT NULL REFERENCES campaign (id),
  hash BLOB NOT NULL UNIQUE,
  tail TEXT NOT NULL,
  created_at TEXT NOT NULL,
  revoked_at TEXT
) STRICT;

CREATE INDEX api_key_by_campaign ON api_key (campaign_id, id);

CREATE TABLE configured_event (
  campaign_id TEXT NOT NULL REFERENCES campaign (id),
  position INTEGER NOT NULL,
  code TEXT NOT NULL,
  name TEXT NOT NULL,
  payout_amount INTEGER NOT NULL CHECK (payout_amount > 0),
  PRIMARY KEY (campaign_id, code)
) STRICT, WITHOUT ROWID;

-- A shareable link by which players link themselves; paused and revoked are decided, expired and
-- exhausted follow from the time and the count.
CREATE TABLE link_invite (
  id TEXT PRIMARY KEY,
  campaign_id TEXT NOT NULL REFERENCES campaign (id),
  token TEXT NOT NULL UNIQUE,
  label TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'paused', 'revoked')),
  max_uses INTEGER CHECK (max_uses > 0),
  uses INTEGER NOT NULL DEFAULT 0,
  expires_at TEXT,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  CHECK (max_uses IS NULL OR uses <= max_uses)
) STRICT;

CREATE INDEX link_invite_by_campaign ON link_invite (campaign_id);

-- Everybody who was ever linked; a userRef is the same after a removal. `invite_id` is the invite
-- of the latest enrolment.
CREATE TABLE linked_user (
  id INTEGER PRIMARY KEY,
  campaign_id TEXT NOT NULL REFERENCES campaign (id),
  user_ref TEXT NOT NULL,
  email TEXT,
  linked_at TEXT NOT NULL,
  removed_at TEXT,
  invite_id TEXT REFERENCES link_invite (id),
  UNIQUE (campaign_id, user_ref)
) STRICT;

CREATE INDEX linked_user_by_email ON linked_user (campaign_id, email);

-- A link on its way; an invite's enrolment is one that was approved at once.
CREATE TABLE link_session (
  session_key TEXT PRIMARY KEY,
  campaign_id TEXT NOT NULL REFERENCES campaign (id),
  email TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'pending'
    CHECK (state IN ('pending', 'approved', 'declined', 'expired')),
  user_ref TEXT,
  invite_id TEXT REFERENCES link_invite (id),
  idempotency_key TEXT,
  created_at TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  decided_at TEXT,
  CHECK ((state = 'approved') = (user_ref IS NOT NULL))
) STRICT;

CREATE INDEX link_session_by_email ON link_session (campaign_id, email);
CREATE INDEX link_session_pending ON link_session (expires_at) WHERE state = 'pending';
CREATE INDEX link_session_by_invite ON link_session (invite_id) WHERE invite_id IS NOT NULL;

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
  transaction_hash TEXT NOT NULL,
  created_at TEXT NOT NULL
) STRICT;

CREATE INDEX payout_by_campaign ON payout (campaign_id, id);
CREATE INDEX payout_by_user ON payout (campaign_id, user_ref, id);

CREATE TABLE failed_payout (
  job_id INTEGER PRIMARY KEY REFERENCES job (id),
  reason TEXT NOT NULL,
  failed_at TEXT NOT NULL
) STRICT;

-- Where a campaign's webhooks go.
CREATE TABLE webhook (
  campaign_id TEXT PRIMARY KEY REFERENCES campaign (id),
  url TEXT NOT NULL,
  enabled INTEGER NOT NULL DEFAULT 1,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
) STRICT;

-- What webhooks are signed with: the newest one; those before it are valid until a time.
CREATE TABLE webhook_secret (
  id INTEGER PRIMARY KEY,
  campaign_id TEXT NOT NULL REFERENCES campaign (id),
  secret TEXT NOT NULL,
  created_at TEXT NOT NULL,
  valid_until INTEGER
) STRICT;

CREATE INDEX webhook_secret_by_campaign ON webhook_secret (campaign_id, id);

-- One webhook, with its exact bytes; it is written with what it tells of.
CREATE TABLE webhook_delivery (
  id INTEGER PRIMARY KEY,
  campaign_id TEXT NOT NULL REFERENCES campaign (id),
  event TEXT NOT NULL,
  body BLOB NOT NULL,
  idempotency_key TEXT,
  secret_id INTEGER NOT NULL REFERENCES webhook_secret (id),
  state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'failed')),
  attempts INTEGER NOT NULL DEFAULT 0,
  resends INTEGER NOT NULL DEFAULT 0,
  due_at INTEGER NOT NULL,
  created_at TEXT NOT NULL
) STRICT;

CREATE INDEX webhook_delivery_due ON webhook_delivery (due_at, id) WHERE state = 'pending';
CREATE INDEX webhook_delivery_in_turn ON webhook_delivery (campaign_id, due_at, id)
WHERE state = 'pending';
CREATE INDEX webhook_delivery_by_campaign ON webhook_delivery (campaign_id, id);

-- The delivery log: what was asked, what came back.
CREATE TABLE webhook_attempt (
  delivery_id INTEGER NOT NULL REFERENCES webhook_delivery (id),
  number INTEGER NOT NULL,
  at TEXT NOT NULL,
  url TEXT NOT NULL,
  signature TEXT NOT NULL,
  status INTEGER,
  answer TEXT NOT NULL,
  seconds REAL NOT NULL,
  PRIMARY KEY (delivery_id, number)
) STRICT, WITHOUT ROWID;
