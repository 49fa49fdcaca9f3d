BEGIN TRANSACTION;
CREATE TABLE arrivals (
  first  INTEGER PRIMARY KEY,
  n      INTEGER NOT NULL,
  at     INTEGER NOT NULL,
  packed BLOB NOT NULL
) STRICT;
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
INSERT INTO "asides" VALUES(1,'arena','engine',1767225600000,'','position',X'676962626572697368','no such line');
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
INSERT INTO "attempts" VALUES(1,1,0,1767225600000,'accepted',202,'','',0.0);
INSERT INTO "attempts" VALUES(2,1,0,1767225600000,'accepted',202,'','',0.0);
INSERT INTO "attempts" VALUES(3,1,0,1767225600000,'refused',422,'','',0.0);
INSERT INTO "attempts" VALUES(4,1,0,1767225600000,'Doubtful',NULL,'','',0.0);
INSERT INTO "attempts" VALUES(6,1,0,1767225600000,'accepted',202,'','',0.0);
INSERT INTO "attempts" VALUES(6,2,1,1767225600000,'accepted',202,'','',0.0);
CREATE TABLE bindings (
  entry_id INTEGER NOT NULL REFERENCES entries,
  binding  INTEGER NOT NULL,
  wire_key BLOB NOT NULL UNIQUE,
  user_ref TEXT NOT NULL,
  body     BLOB NOT NULL,
  PRIMARY KEY (entry_id, binding)
) STRICT, WITHOUT ROWID;
INSERT INTO "bindings" VALUES(6,0,X'CCA254F7CFBD4D0E83E3919B11B72FC6','usr_1',X'7B226576656E74436F6465223A20224641494C4544222C202275736572526566223A20227573725F31227D');
INSERT INTO "bindings" VALUES(6,1,X'1B052184B9CC4F73B8363EAA41EF60E7','usr_1',X'7B226576656E74436F6465223A20224641494C4544222C202275736572526566223A20227573725F31227D');
CREATE TABLE changes (
  number   INTEGER PRIMARY KEY AUTOINCREMENT,
  at       INTEGER NOT NULL,
  entry_id INTEGER NOT NULL,
  state    TEXT NOT NULL,
  reason   TEXT NOT NULL
) STRICT;
INSERT INTO "changes" VALUES(1,1767225600000,1,'due','');
INSERT INTO "changes" VALUES(2,1767225600000,1,'accepted','');
INSERT INTO "changes" VALUES(3,1767225600000,1,'confirmed','');
INSERT INTO "changes" VALUES(4,1767225600000,2,'due','');
INSERT INTO "changes" VALUES(5,1767225600000,2,'accepted','');
INSERT INTO "changes" VALUES(6,1767225600000,3,'due','');
INSERT INTO "changes" VALUES(7,1767225600000,3,'dead','refused');
INSERT INTO "changes" VALUES(8,1767225600000,4,'due','');
INSERT INTO "changes" VALUES(9,1767225600000,4,'uncertain','past_key_horizon');
INSERT INTO "changes" VALUES(10,1767225600000,5,'due','');
INSERT INTO "changes" VALUES(11,1767225600000,5,'discarded','');
INSERT INTO "changes" VALUES(12,1767225600000,6,'due','');
INSERT INTO "changes" VALUES(13,1767225600000,6,'accepted','');
INSERT INTO "changes" VALUES(14,1767225600000,6,'dead','payout_failed');
INSERT INTO "changes" VALUES(15,1767225600000,6,'due','');
INSERT INTO "changes" VALUES(16,1767225600000,6,'accepted','');
INSERT INTO "changes" VALUES(17,1767225600000,7,'held','unlinked');
INSERT INTO "changes" VALUES(18,1767225600000,8,'due','');
INSERT INTO "changes" VALUES(19,1767225600000,9,'held','over_cap');
CREATE TABLE codes (
  digest     BLOB PRIMARY KEY,
  campaign   TEXT NOT NULL,
  player     TEXT,
  session_id INTEGER REFERENCES sessions,
  ends_at    INTEGER NOT NULL,
  used_at    INTEGER
) STRICT, WITHOUT ROWID;
INSERT INTO "codes" VALUES(X'03AC674216F3E15C761EE1A5E255F067','camp_1','steam:76561197960265729',NULL,1767226200000,NULL);
CREATE TABLE counters (
  rule_id  INTEGER NOT NULL REFERENCES rules,
  scope    TEXT NOT NULL,
  seen     INTEGER NOT NULL,
  filled   INTEGER NOT NULL,
  last_at  INTEGER,
  replayed INTEGER NOT NULL,
  PRIMARY KEY (rule_id, scope)
) STRICT, WITHOUT ROWID;
INSERT INTO "counters" VALUES(2,'["alice"]',1,0,1767225600000,0);
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
INSERT INTO "entries" VALUES(1,X'A773296D4CCA419F97A0E39727F385A5','camp_1','steam:76561197960265729','EARN5','first_blood','id:["","1"]',1,'confirmed','','usr_1',1767225600000,1767225600000,NULL,'usr_1',X'7B226576656E74436F6465223A20224541524E35222C202275736572526566223A20227573725F31227D',X'A773296D4CCA419F97A0E39727F385A5',0,0,1,0,0,0,NULL,NULL,NULL,NULL,0,250000,1767225600000,NULL,0,'',X'7692C3AD3540BB803C020B3AEE66CD88',X'');
INSERT INTO "entries" VALUES(2,X'C7A21360FB84402E8DAD6B9763B7CF63','camp_1','steam:76561197960265729','ACCEPTED','first_blood','id:["","2"]',1,'accepted','','usr_1',1767225600000,1767225600000,NULL,'usr_1',X'7B226576656E74436F6465223A20224143434550544544222C202275736572526566223A20227573725F31227D',X'C7A21360FB84402E8DAD6B9763B7CF63',0,0,1,0,0,0,NULL,NULL,NULL,NULL,0,NULL,1767225600000,1767225603000,0,'',NULL,NULL);
INSERT INTO "entries" VALUES(3,X'E505AD4A9F6C46399DBFF5475D9BCFE2','camp_1','steam:76561197960265729','DEAD','first_blood','id:["","3"]',1,'dead','refused','usr_1',1767225600000,1767225600000,NULL,'usr_1',X'7B226576656E74436F6465223A202244454144222C202275736572526566223A20227573725F31227D',X'E505AD4A9F6C46399DBFF5475D9BCFE2',0,1,1,0,1,0,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,0,'',NULL,NULL);
INSERT INTO "entries" VALUES(4,X'137D34BC632247CCAF51D3B4F98F1F5B','camp_1','steam:76561197960265729','UNCERTAIN','first_blood','id:["","4"]',1,'uncertain','past_key_horizon','usr_1',1767225600000,1767225600000,NULL,'usr_1',X'7B226576656E74436F6465223A2022554E4345525441494E222C202275736572526566223A20227573725F31227D',X'137D34BC632247CCAF51D3B4F98F1F5B',0,0,1,0,0,0,NULL,NULL,1767225600000,1,0,NULL,NULL,1767225603000,0,'',NULL,NULL);
INSERT INTO "entries" VALUES(5,X'C6408E606265427C87171C5497E2A2E4','camp_1','steam:76561197960265729','GONE','first_blood','id:["","5"]',1,'discarded','','usr_1',1767225600000,1767225600000,NULL,NULL,NULL,NULL,0,0,0,0,0,0,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,0,'',NULL,NULL);
INSERT INTO "entries" VALUES(6,X'CCA254F7CFBD4D0E83E3919B11B72FC6','camp_1','steam:76561197960265729','FAILED','first_blood','id:["","9"]',1,'accepted','','usr_1',1767225600000,1767225600000,NULL,'usr_1',X'7B226576656E74436F6465223A20224641494C4544222C202275736572526566223A20227573725F31227D',X'1B052184B9CC4F73B8363EAA41EF60E7',1,0,2,0,0,0,NULL,NULL,NULL,NULL,0,NULL,1767225600000,1767225603000,0,'',NULL,NULL);
INSERT INTO "entries" VALUES(7,X'0621344801FA4C3F972E624CD28FFE8F','camp_1','name:Nobody','EARN5','first_blood','id:["","6"]',1,'held','unlinked',NULL,1767225600000,1767225600000,NULL,NULL,NULL,NULL,0,0,0,0,0,0,NULL,NULL,NULL,NULL,0,250000,NULL,NULL,0,'',NULL,NULL);
INSERT INTO "entries" VALUES(8,X'D35232AA5F414BCF916FA07029ED3FC7','camp_1','steam:76561197960265729','EARN5','first_blood','id:["","7"]',1,'due','','usr_1',1767225600000,1767225600000,1767225600000,NULL,NULL,NULL,0,0,0,0,0,0,NULL,NULL,NULL,NULL,0,250000,NULL,NULL,0,'',NULL,NULL);
INSERT INTO "entries" VALUES(9,X'5EA536F57EB942F5B6118E1E7F43CF42','camp_1','steam:76561197960265729','EARN5','first_blood','id:["","8"]',1,'held','over_cap','usr_1',1767225600000,1767225600000,NULL,NULL,NULL,NULL,0,0,0,0,0,0,NULL,NULL,NULL,NULL,0,250000,NULL,NULL,0,'{"cap": "a player may have 1 of these a day (2026-01-01)"}',NULL,NULL);
CREATE TABLE filters (
  block INTEGER PRIMARY KEY,
  slots INTEGER NOT NULL,
  bits  BLOB NOT NULL
) STRICT;
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
INSERT INTO "inbox" VALUES(X'A70D4601F2164EF57231BBA4966CACF4','camp_1','Event',1767225600000,1767225600000,X'7B226576656E74223A202243616D706169676E2E4576656E742E50616964227D','dead',6);
INSERT INTO "inbox" VALUES(X'DABBFE692CFC4206FC32A2E90A88192E','camp_1','Event',1767225600000,1767225600000,X'7B226576656E74223A202250696E67227D','noted',NULL);
INSERT INTO "inbox" VALUES(X'F31CB5D95014EA5977BFC4DFCE5F80FF','camp_1','Event',1767225600000,1767225600000,X'7B226576656E74223A202243616D706169676E2E4576656E742E50616964227D','confirmed',1);
CREATE TABLE journal (
  id       INTEGER PRIMARY KEY,
  at       INTEGER NOT NULL,
  who      TEXT NOT NULL,
  what     TEXT NOT NULL,
  entry_id INTEGER REFERENCES entries,
  detail   TEXT NOT NULL,
  player   TEXT
) STRICT;
INSERT INTO "journal" VALUES(1,1767225600000,'operator','rules',NULL,'operator accepted',NULL);
INSERT INTO "journal" VALUES(2,1767225600000,'test','link',NULL,'to usr_1 in camp_1','steam:76561197960265729');
INSERT INTO "journal" VALUES(3,1767225600000,'operator alice','discard',5,'due → discarded',NULL);
INSERT INTO "journal" VALUES(4,1767225600000,'webhook','failed',6,'no funds',NULL);
INSERT INTO "journal" VALUES(5,1767225600000,'operator alice','retry',6,'dead → due',NULL);
INSERT INTO "journal" VALUES(6,1767225600000,'operator alice','link',NULL,'to usr_2 in camp_1','steam:76561197960265730');
INSERT INTO "journal" VALUES(7,1767225600000,'operator alice','pause',NULL,'camp_1 a fair',NULL);
CREATE TABLE known_digests (
  segment  INTEGER NOT NULL,
  digest   BLOB NOT NULL,
  entry_id INTEGER NOT NULL,
  PRIMARY KEY (segment, digest)
) STRICT, WITHOUT ROWID;
INSERT INTO "known_digests" VALUES(1,X'7692C3AD3540BB803C020B3AEE66CD88',1);
CREATE TABLE known_keys (
  segment  INTEGER NOT NULL,
  key      BLOB NOT NULL,
  entry_id INTEGER NOT NULL,
  PRIMARY KEY (segment, key)
) STRICT, WITHOUT ROWID;
INSERT INTO "known_keys" VALUES(1,X'0621344801FA4C3F972E624CD28FFE8F',7);
INSERT INTO "known_keys" VALUES(1,X'137D34BC632247CCAF51D3B4F98F1F5B',4);
INSERT INTO "known_keys" VALUES(1,X'5EA536F57EB942F5B6118E1E7F43CF42',9);
INSERT INTO "known_keys" VALUES(1,X'A773296D4CCA419F97A0E39727F385A5',1);
INSERT INTO "known_keys" VALUES(1,X'C6408E606265427C87171C5497E2A2E4',5);
INSERT INTO "known_keys" VALUES(1,X'C7A21360FB84402E8DAD6B9763B7CF63',2);
INSERT INTO "known_keys" VALUES(1,X'CCA254F7CFBD4D0E83E3919B11B72FC6',6);
INSERT INTO "known_keys" VALUES(1,X'D35232AA5F414BCF916FA07029ED3FC7',8);
INSERT INTO "known_keys" VALUES(1,X'E505AD4A9F6C46399DBFF5475D9BCFE2',3);
CREATE TABLE known_players (
  segment  INTEGER NOT NULL,
  player   TEXT NOT NULL,
  entry_id INTEGER NOT NULL,
  PRIMARY KEY (segment, player, entry_id)
) STRICT, WITHOUT ROWID;
INSERT INTO "known_players" VALUES(1,'name:Nobody',7);
INSERT INTO "known_players" VALUES(1,'steam:76561197960265729',1);
INSERT INTO "known_players" VALUES(1,'steam:76561197960265729',2);
INSERT INTO "known_players" VALUES(1,'steam:76561197960265729',3);
INSERT INTO "known_players" VALUES(1,'steam:76561197960265729',4);
INSERT INTO "known_players" VALUES(1,'steam:76561197960265729',5);
INSERT INTO "known_players" VALUES(1,'steam:76561197960265729',6);
INSERT INTO "known_players" VALUES(1,'steam:76561197960265729',8);
INSERT INTO "known_players" VALUES(1,'steam:76561197960265729',9);
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
INSERT INTO "lanes" VALUES('camp_1',0,1,3000,0,1767225600000,'operator alice','a fair',7000000,7000000,7000000,7000000,7000000,1767225600000);
CREATE TABLE ledger (
  only       INTEGER PRIMARY KEY CHECK (only = 1),
  identity   BLOB NOT NULL,
  sequence   INTEGER NOT NULL,
  quarantine TEXT NOT NULL,
  copied     INTEGER NOT NULL,
  quiet      INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO "ledger" VALUES(1,X'FCFD4F57B78FF4138ECA6A4C3F382E11',46,'',0,0);
CREATE TABLE links (
  campaign TEXT NOT NULL,
  player   TEXT NOT NULL,
  user_ref TEXT NOT NULL,
  since    INTEGER NOT NULL,
  via      TEXT NOT NULL,
  PRIMARY KEY (player, campaign)
) STRICT, WITHOUT ROWID;
INSERT INTO "links" VALUES('camp_1','steam:76561197960265729','usr_1',1767225600000,'test');
INSERT INTO "links" VALUES('camp_1','steam:76561197960265730','usr_2',1767225600000,'operator alice');
CREATE TABLE message_ids (
  digest   BLOB PRIMARY KEY,
  entry_id INTEGER REFERENCES entries,
  content  BLOB NOT NULL,
  counted  INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
INSERT INTO "message_ids" VALUES(X'72AC68EC9BCDF7A8A156D119C4B7E410',NULL,X'',1);
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
INSERT INTO "origins" VALUES(1,'','127.0.0.1:4000','json',X'7B2261223A20317D',1767225600000,'first_blood','1',1767225600000);
INSERT INTO "origins" VALUES(2,'','127.0.0.1:4000','json',X'7B2261223A20317D',1767225600000,'first_blood','2',1767225600000);
INSERT INTO "origins" VALUES(3,'','127.0.0.1:4000','json',X'7B2261223A20317D',1767225600000,'first_blood','3',1767225600000);
INSERT INTO "origins" VALUES(4,'','127.0.0.1:4000','json',X'7B2261223A20317D',1767225600000,'first_blood','4',1767225600000);
INSERT INTO "origins" VALUES(5,'','127.0.0.1:4000','json',X'7B2261223A20317D',1767225600000,'first_blood','5',1767225600000);
INSERT INTO "origins" VALUES(6,'','127.0.0.1:4000','json',X'7B2261223A20317D',1767225600000,'first_blood','9',1767225600000);
INSERT INTO "origins" VALUES(7,'','127.0.0.1:4000','json',X'7B2261223A20317D',1767225600000,'first_blood','6',1767225600000);
INSERT INTO "origins" VALUES(8,'','127.0.0.1:4000','json',X'7B2261223A20317D',1767225600000,'first_blood','7',1767225600000);
INSERT INTO "origins" VALUES(9,'','127.0.0.1:4000','json',X'7B2261223A20317D',1767225600000,'first_blood','8',1767225600000);
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
INSERT INTO "payouts" VALUES(1,'camp_1','tx_1','tx_1',NULL,NULL,'usr_1','EARN5',250000,1767225600000,1767225600000,'webhook',X'A773296D4CCA419F97A0E39727F385A5',1,0);
INSERT INTO "payouts" VALUES(2,'camp_1','tx_9',NULL,'tx_9',NULL,'usr_9','EARN5',250000,1767225600000,1767225600000,'history',NULL,NULL,0);
CREATE TABLE prices (
  campaign   TEXT NOT NULL,
  event_code TEXT NOT NULL,
  amount     INTEGER NOT NULL,
  PRIMARY KEY (campaign, event_code)
) STRICT, WITHOUT ROWID;
INSERT INTO "prices" VALUES('camp_1','EARN5',250000);
CREATE TABLE rules (
  id         INTEGER PRIMARY KEY,
  definition TEXT NOT NULL UNIQUE,
  place      INTEGER,
  used       INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO "rules" VALUES(1,'{"campaign": "camp_1", "event_code": null, "feat": null, "match": "*", "repeat": "default", "timezone": "UTC"}',0,1);
INSERT INTO "rules" VALUES(2,'{"campaign": "camp_1", "event_code": "WINS", "feat": null, "match": "won", "repeat": "per_id", "timezone": "UTC"}',1,0);
CREATE TABLE segments (
  slot   INTEGER NOT NULL,
  number INTEGER NOT NULL,
  first  INTEGER NOT NULL,
  last   INTEGER NOT NULL,
  PRIMARY KEY (slot, number)
) STRICT, WITHOUT ROWID;
INSERT INTO "segments" VALUES(0,1,1,9);
CREATE TABLE session_totals (
  campaign TEXT NOT NULL,
  state    TEXT NOT NULL,
  n        INTEGER NOT NULL,
  PRIMARY KEY (campaign, state)
) STRICT, WITHOUT ROWID;
INSERT INTO "session_totals" VALUES('camp_1','pending',1);
INSERT INTO "session_totals" VALUES('camp_1','starting',0);
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
INSERT INTO "sessions" VALUES(1,'link-70e5569fa333638f12f20714eaeaecf5','camp_1','steam:76561197960265729','alice@example.com','ls_1','https://pay.example.org/1','pending','',NULL,1767225600000,1767225600000,1767229200000,1767225610000,1);
CREATE TABLE sources (
  name     TEXT PRIMARY KEY,
  id_scope TEXT NOT NULL,
  used     INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
INSERT INTO "sources" VALUES('arena','match',0);
CREATE TABLE tallies (
  scope  TEXT NOT NULL,
  period TEXT NOT NULL,
  value  INTEGER NOT NULL,
  at     INTEGER NOT NULL,
  PRIMARY KEY (scope, period)
) STRICT, WITHOUT ROWID;
INSERT INTO "tallies" VALUES('["player","rule one","camp_1","steam:76561197960265729"]','2026-01-01',1,1767225600000);
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
INSERT INTO "totals" VALUES('camp_1','accepted','',2,0,0,2);
INSERT INTO "totals" VALUES('camp_1','confirmed','',1,0,250000,0);
INSERT INTO "totals" VALUES('camp_1','dead','',1,0,0,1);
INSERT INTO "totals" VALUES('camp_1','discarded','',1,0,0,1);
INSERT INTO "totals" VALUES('camp_1','due','',1,0,250000,0);
INSERT INTO "totals" VALUES('camp_1','held','over_cap',1,0,250000,0);
INSERT INTO "totals" VALUES('camp_1','held','unlinked',1,0,250000,0);
INSERT INTO "totals" VALUES('camp_1','sending','',0,0,0,0);
INSERT INTO "totals" VALUES('camp_1','uncertain','',1,0,0,1);
CREATE TABLE turns (
  source  TEXT NOT NULL,
  part    TEXT NOT NULL,
  adapter TEXT NOT NULL,
  memory  TEXT,
  place   TEXT,
  at      INTEGER NOT NULL,
  PRIMARY KEY (source, part)
) STRICT, WITHOUT ROWID;
INSERT INTO "turns" VALUES('arena','','engine','{"slots": {}}','place',1767225600000);
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
CREATE INDEX attempts_of_entry ON attempts (entry_id);
CREATE INDEX links_of_user ON links (campaign, user_ref);
CREATE INDEX journal_of_entry ON journal (entry_id) WHERE entry_id IS NOT NULL;
CREATE INDEX journal_of_player ON journal (player, id) WHERE player IS NOT NULL;
CREATE INDEX tallies_by_age ON tallies (at);
CREATE INDEX sessions_to_look_at ON sessions (look_at) WHERE look_at IS NOT NULL;
CREATE INDEX sessions_of_player ON sessions (player, campaign, id);
CREATE INDEX sessions_by_name ON sessions (session_key) WHERE session_key IS NOT NULL;
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
CREATE INDEX inbox_of_entry ON inbox (entry_id) WHERE entry_id IS NOT NULL;
CREATE UNIQUE INDEX payouts_of_entry ON payouts (entry_id) WHERE entry_id IS NOT NULL;
CREATE UNIQUE INDEX payouts_of_row ON payouts (campaign, row_id) WHERE row_id IS NOT NULL;
CREATE INDEX payouts_of_hash ON payouts (campaign, hash) WHERE hash IS NOT NULL;
CREATE INDEX payouts_named ON payouts (campaign, id) WHERE id IS NOT row_id;
CREATE INDEX payouts_told ON payouts (campaign, told_id) WHERE told_id IS NOT NULL;
CREATE INDEX payouts_of_kind ON payouts (campaign, user_ref, event_code);
CREATE INDEX payouts_unmatched ON payouts (campaign, user_ref, event_code) WHERE entry_id IS NULL;
CREATE INDEX payouts_unshown ON payouts (campaign, user_ref, event_code) WHERE row_id IS NULL;
CREATE INDEX asides_of_source ON asides (source, id);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('changes',19);
PRAGMA user_version = 1;
COMMIT;
