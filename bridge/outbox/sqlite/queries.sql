-- by_id --
-- One entry by its number.
SELECT * FROM entries WHERE id = :id;

-- key_in_slot --
-- Entries that had a key when a segment of this slot was written.
SELECT k.entry_id FROM segments s CROSS JOIN known_keys k ON k.segment = s.number AND k.key = :hash
WHERE s.slot = :slot;

-- digest_in_slot --
-- The same of a message id.
SELECT d.entry_id FROM segments s
CROSS JOIN known_digests d ON d.segment = s.number AND d.digest = :hash
WHERE s.slot = :slot;

-- seal_keys --
-- A segment's keys. Should damage have given two entries one key, the first is found.
INSERT OR IGNORE INTO known_keys (segment, key, entry_id)
SELECT :number, key, id FROM entries WHERE id BETWEEN :first AND :last ORDER BY key;

-- seal_digests --
-- A segment's message ids.
INSERT OR IGNORE INTO known_digests (segment, digest, entry_id)
SELECT :number, digest, id FROM entries
WHERE id BETWEEN :first AND :last AND digest IS NOT NULL ORDER BY digest;

-- seal_players --
-- Whose entries a segment's are.
INSERT INTO known_players (segment, player, entry_id)
SELECT :number, player, id FROM entries WHERE id BETWEEN :first AND :last ORDER BY player, id;

-- add_segment --
-- The segment itself.
INSERT INTO segments (slot, number, first, last) VALUES (:slot, :number, :first, :last);

-- last_segment --
-- The newest segment: its number, and the last entry that it speaks of.
SELECT number, last FROM segments ORDER BY slot DESC, number DESC LIMIT 1;

-- keep_filter --
-- The bits of a block, once more of its slots are full.
INSERT INTO filters (block, slots, bits) VALUES (:block, :slots, :bits)
ON CONFLICT (block) DO UPDATE SET slots = excluded.slots, bits = excluded.bits;

-- filters --
-- The bits of all blocks, and how many slots are full up to each.
SELECT bits, slots FROM filters ORDER BY block;

-- keys_since_slot --
-- Keys of slots that are not in the kept bits yet.
SELECT k.key, s.slot FROM segments s CROSS JOIN known_keys k ON k.segment = s.number
WHERE s.slot >= :slot AND length(k.key) = 16;

-- digests_since_slot --
-- The same of message ids.
SELECT d.digest, s.slot FROM segments s CROSS JOIN known_digests d ON d.segment = s.number
WHERE s.slot >= :slot AND length(d.digest) = 16;

-- tail --
-- Entries that no segment speaks of yet.
SELECT id, key, digest, player FROM entries WHERE id > :after ORDER BY id;

-- keys_between --
-- Keys in a range, in order.
SELECT k.key FROM segments s CROSS JOIN known_keys k
  ON k.segment = s.number AND k.key BETWEEN :low AND :high
WHERE EXISTS (SELECT 1 FROM entries e WHERE e.id = k.entry_id AND e.key = k.key)
UNION
SELECT key FROM entries
WHERE id > coalesce((SELECT last FROM segments ORDER BY slot DESC, number DESC LIMIT 1), 0)
  AND key BETWEEN :low AND :high
ORDER BY 1 LIMIT :limit;

-- by_wire_key --
-- The entry that was ever sent under a wire key of a later binding.
SELECT * FROM entries WHERE id = (SELECT entry_id FROM bindings WHERE wire_key = :key);

-- insert --
-- New entries.
INSERT INTO entries (id, key, campaign, player, event_code, feat, occurrence, rule_id, state, reason,
                     user_ref, created_at, updated_at, due_at, amount, brakes, digest, content)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- insert_origin --
-- Where they came from.
INSERT INTO origins (entry_id, source, peer, adapter, raw, received_at, name, id, occurred_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?);

-- add_total --
-- Add new entries to what their campaign has in their state.
INSERT INTO totals (campaign, state, reason, n, fenced, amount, unpriced)
VALUES (:campaign, :state, :reason, :n, 0, :amount, :unpriced)
ON CONFLICT DO UPDATE SET n = n + excluded.n, amount = amount + excluded.amount,
                          unpriced = unpriced + excluded.unpriced;

-- take_total --
-- Take entries that have left a state off what their campaign has in it; none of them was fenced.
UPDATE totals SET n = n - :n, amount = amount - :amount, unpriced = unpriced - :unpriced
WHERE campaign = :campaign AND state = :state AND reason = '';

-- be_quiet --
-- Whether who changes entries adds them up.
UPDATE ledger SET quiet = :quiet;

-- clear_totals --
-- All totals are about to be made anew.
DELETE FROM totals;

-- sum_up --
-- Of entries that were put there by other ways.
INSERT INTO totals (campaign, state, reason, n, fenced, amount, unpriced)
SELECT campaign, state, iif(state = 'held', reason, ''), count(*), sum(fenced),
       coalesce(sum(amount), 0), count(*) - count(amount)
FROM entries GROUP BY 1, 2, 3;

-- save --
-- Everything about an entry that moves.
UPDATE entries
SET state = :state, reason = :reason, user_ref = :user_ref, updated_at = :updated_at,
    due_at = :due_at, bound_ref = :bound_ref, body = :body, wire_key = :wire_key,
    binding = :binding, rebind = :rebind, attempts = :attempts, failures = :failures,
    refusals = :refusals, conflicts = :conflicts, lease_until = :lease_until,
    lease_owner = :lease_owner, first_maybe_sent_at = :first_maybe_sent_at,
    mark_attempt = :mark_attempt, fenced = :fenced, amount = :amount,
    accepted_at = :accepted_at, look_at = :look_at, looks = :looks, brakes = :brakes
WHERE id = :id;

-- made_by_message --
-- What an entry knows of the message id that made it.
SELECT digest, content FROM entries WHERE id = :id;

-- message --
-- What another known message id made.
SELECT entry_id, content FROM message_ids WHERE digest = :digest;

-- any_message --
-- Whether there is any such.
SELECT 1 FROM message_ids LIMIT 1;

-- remember_message --
-- Keep a message id for ever.
INSERT INTO message_ids (digest, entry_id, content) VALUES (:digest, :entry_id, :content);

-- remember_counted --
-- Keep the id of a message that moved counters, with the entry that it made or without one.
INSERT INTO message_ids (digest, entry_id, content, counted)
VALUES (:digest, :entry_id, :content, 1);

-- counter --
-- What a rule has counted in a scope.
SELECT * FROM counters WHERE rule_id = :rule_id AND scope = :scope;

-- keep_counter --
-- What it has counted now.
INSERT INTO counters (rule_id, scope, seen, filled, last_at, replayed)
VALUES (:rule_id, :scope, :seen, :filled, :last_at, :replayed)
ON CONFLICT (rule_id, scope) DO UPDATE
SET seen = excluded.seen, filled = excluded.filled, last_at = excluded.last_at,
    replayed = excluded.replayed;

-- due --
-- Entries that can be claimed, oldest due first. `first`: never sent, and no other of its fence is
-- unproven, of which there are few: by another index all that its user ever had would be read.
SELECT id, key, player, event_code, feat, occurrence, user_ref, amount,
  body IS NULL AND first_maybe_sent_at IS NULL AND binding = 0 AND rebind = 0 AND attempts = 0
  AND failures = 0 AND refusals = 0 AND conflicts = 0 AND user_ref IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM entries AS other INDEXED BY entries_unproven
    WHERE other.campaign = entries.campaign AND other.bound_ref = entries.user_ref
      AND other.event_code = entries.event_code AND other.first_maybe_sent_at IS NOT NULL
      AND other.id <> entries.id) AS first
FROM entries
WHERE campaign = :campaign AND state = 'due' AND fenced = 0 AND due_at <= :now
ORDER BY due_at, id LIMIT :limit;

-- claim_first --
-- The first claim of an entry: its wire key and bytes freeze.
UPDATE entries
SET state = 'sending', reason = '', bound_ref = user_ref, wire_key = ?, body = ?, attempts = 1,
    lease_owner = ?, lease_until = ?, first_maybe_sent_at = ?, mark_attempt = 1, updated_at = ?
WHERE id = ?;

-- sending --
-- Which of some entries are being sent.
SELECT id, key, campaign, bound_ref, event_code, amount FROM entries
WHERE id IN (SELECT value FROM json_each(:numbers))
  AND state = 'sending' AND fenced = 0 AND first_maybe_sent_at IS NOT NULL;

-- accept --
-- The API took an entry that was being sent: nothing is unproven any more.
UPDATE entries
SET state = 'accepted', reason = '', due_at = NULL, fenced = 0, lease_owner = NULL,
    lease_until = NULL, first_maybe_sent_at = NULL, mark_attempt = NULL, updated_at = ?,
    accepted_at = ?, amount = ?, look_at = ?, looks = 0
WHERE id = ?;

-- any_fenced --
-- Whether an entry of a campaign is behind a fence.
SELECT 1 FROM entries WHERE campaign = :campaign AND fenced = 1 LIMIT 1;

-- leases_over --
-- Entries whose sender has gone; the rest at the next claim, so that others are served between.
SELECT * FROM entries
WHERE campaign = :campaign AND state = 'sending' AND lease_until <= :now
LIMIT 500;

-- held_until --
-- Held entries whose time to be tried again has come; the rest at the next claim.
SELECT * FROM entries
WHERE campaign = :campaign AND state = 'held' AND due_at IS NOT NULL AND due_at <= :now
LIMIT 500;

-- held_unproven --
-- Held entries that an earlier attempt may have paid.
SELECT * FROM entries
WHERE campaign = :campaign AND state = 'held' AND first_maybe_sent_at IS NOT NULL;

-- next_time --
-- When one of the three above has something next.
SELECT min(at) FROM (
  SELECT min(due_at) AS at FROM entries
  WHERE campaign = :campaign AND state = 'due' AND fenced = 0
  UNION ALL
  SELECT min(lease_until) FROM entries WHERE campaign = :campaign AND state = 'sending'
  UNION ALL
  SELECT min(due_at) FROM entries
  WHERE campaign = :campaign AND state = 'held' AND due_at IS NOT NULL
);

-- blocked --
-- Whether another entry of the same fence is unproven.
SELECT 1 FROM entries INDEXED BY entries_unproven
WHERE campaign = :campaign AND bound_ref = :target AND event_code = :event_code
  AND first_maybe_sent_at IS NOT NULL AND id <> :id
LIMIT 1;

-- next_fenced --
-- The oldest entry behind a fence.
SELECT * FROM entries
WHERE campaign = :campaign AND user_ref = :user_ref AND event_code = :event_code AND fenced = 1
ORDER BY id LIMIT 1;

-- user_ref --
-- A player's userRef.
SELECT user_ref FROM links WHERE player = :player AND campaign = :campaign;

-- set_link --
-- Keep a link in place of an older one.
INSERT INTO links (campaign, player, user_ref, since, via)
VALUES (:campaign, :player, :user_ref, :since, :via)
ON CONFLICT (player, campaign)
DO UPDATE SET user_ref = excluded.user_ref, since = excluded.since, via = excluded.via;

-- drop_link --
-- Forget a link.
DELETE FROM links WHERE player = :player AND campaign = :campaign;

-- open_of --
-- A player's entries that aren't settled; `tail` are the numbers of the newest ones.
WITH mine (id) AS (
  SELECT p.entry_id FROM segments s
  CROSS JOIN known_players p ON p.segment = s.number AND p.player = :player
  UNION
  SELECT value FROM json_each(:tail)
)
SELECT e.* FROM mine CROSS JOIN entries e ON e.id = mine.id
WHERE e.player = :player AND e.campaign = :campaign
  AND e.state IN ('due', 'sending', 'held', 'uncertain', 'dead')
ORDER BY e.id;

-- links --
-- Links of one player, or all.
SELECT * FROM links WHERE :player IS NULL OR player = :player ORDER BY player, campaign;

-- add_attempt --
-- What one attempt met.
INSERT INTO attempts (entry_id, number, binding, at, outcome, status, detail, head, seconds)
VALUES (:entry_id, :number, :binding, :at, :outcome, :status, :detail, :head, :seconds);

-- add_attempts --
-- What many attempts met.
INSERT INTO attempts (entry_id, number, binding, at, outcome, status, detail, head, seconds)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?);

-- add_binding --
-- One binding's wire key and bytes.
INSERT OR IGNORE INTO bindings (entry_id, binding, wire_key, user_ref, body)
VALUES (:id, :binding, :wire_key, :bound_ref, :body);

-- add_note --
-- A line of the journal.
INSERT INTO journal (at, who, what, entry_id, detail, player)
VALUES (:at, :who, :what, :entry_id, :detail, :player);

-- use_rule --
-- The number of a rule that makes an entry now.
INSERT INTO rules (definition, used) VALUES (:definition, 1)
ON CONFLICT (definition) DO UPDATE SET used = 1
RETURNING id;

-- know_rule --
-- Know a rule that counts, which has made no entry by that.
INSERT OR IGNORE INTO rules (definition) VALUES (:definition);

-- rule_number --
-- The number of a rule that is known.
SELECT id FROM rules WHERE definition = :definition;

-- rules --
-- The rules in force, in order, where it is asked for with how many entries each has made.
SELECT definition, used,
       iif(:counted, (SELECT count(*) FROM entries WHERE rule_id = rules.id), 0) AS entries
FROM rules WHERE place IS NOT NULL ORDER BY place;

-- clear_rules --
-- No rule is in force.
UPDATE rules SET place = NULL;

-- place_rule --
-- Put one rule in force; one that stands twice keeps its first place.
INSERT INTO rules (definition, place) VALUES (:definition, :place)
ON CONFLICT (definition) DO UPDATE SET place = excluded.place WHERE place IS NULL;

-- origin --
-- Where an entry came from.
SELECT * FROM origins WHERE entry_id = :id;

-- rule --
-- The rule that made an entry.
SELECT definition FROM rules WHERE id = :id;

-- wire_keys --
-- Every wire key of an entry, oldest first.
SELECT wire_key FROM bindings WHERE entry_id = :id ORDER BY binding;

-- attempts --
-- An entry's attempts, oldest first.
SELECT * FROM attempts WHERE entry_id = :id ORDER BY rowid;

-- journal --
-- What was decided about an entry.
SELECT * FROM journal WHERE entry_id = :id ORDER BY id;

-- journal_of_player --
-- What became of a player's links, newest first.
SELECT * FROM journal WHERE player = :player ORDER BY id DESC LIMIT :limit;

-- listing --
-- Entries, newest first.
SELECT * FROM entries
WHERE (:campaign IS NULL OR campaign = :campaign)
  AND (:player IS NULL OR player = :player)
  AND (:state IS NULL OR state = :state)
  AND (:reason IS NULL OR reason = :reason)
ORDER BY id DESC LIMIT :limit;

-- listing_of_player --
-- One player's entries, newest first.
WITH mine (id) AS (
  SELECT p.entry_id FROM segments s
  CROSS JOIN known_players p ON p.segment = s.number AND p.player = :player
  UNION
  SELECT id FROM entries
  WHERE id > coalesce((SELECT last FROM segments ORDER BY slot DESC, number DESC LIMIT 1), 0)
    AND player = :player
)
SELECT e.* FROM mine CROSS JOIN entries e ON e.id = mine.id
WHERE e.player = :player
  AND (:campaign IS NULL OR e.campaign = :campaign)
  AND (:state IS NULL OR e.state = :state)
  AND (:reason IS NULL OR e.reason = :reason)
ORDER BY e.id DESC LIMIT :limit;

-- unpriced --
-- Whether entries of a campaign have no known amount.
SELECT 1 FROM totals WHERE campaign = :campaign AND unpriced > 0 LIMIT 1;

-- fill_prices --
-- Give entries without an amount their event's price, now that it is known.
UPDATE entries SET amount = (SELECT p.amount FROM prices p
    WHERE p.campaign = entries.campaign AND p.event_code = entries.event_code)
WHERE campaign = :campaign AND amount IS NULL AND reason <> :but
  AND event_code IN (SELECT event_code FROM prices WHERE campaign = :campaign);

-- ledger_sequence --
-- How many changes the ledger has seen.
SELECT sequence FROM ledger;

-- lane_names --
-- The campaigns that have entries.
SELECT DISTINCT campaign FROM totals WHERE n > 0 ORDER BY campaign;

-- counts --
-- Entries by campaign, state and reason, as the triggers have counted them.
SELECT * FROM totals WHERE n > 0;

-- session_counts --
-- The same of link sessions.
SELECT * FROM session_totals WHERE n > 0;

-- oldest --
-- Since when the oldest entry of each campaign has been due, fenced, unpaid and uncertain; each is
-- the first of its index.
SELECT c.campaign,
  (SELECT min(e.due_at) FROM entries e
   WHERE e.campaign = c.campaign AND e.state = 'due' AND e.fenced = 0) AS due,
  (SELECT min(e.due_at) FROM entries e WHERE e.campaign = c.campaign AND e.fenced = 1) AS fenced,
  (SELECT min(e.accepted_at) FROM entries e
   WHERE e.campaign = c.campaign AND e.state = 'accepted') AS unpaid,
  (SELECT min(e.first_maybe_sent_at) FROM entries e
   WHERE e.campaign = c.campaign AND e.state = 'uncertain') AS uncertain
FROM (SELECT DISTINCT campaign FROM totals WHERE n > 0) c;

-- unpaid_since --
-- Entries that have been accepted since before a time, and that nothing has confirmed.
SELECT * FROM entries
WHERE campaign = :campaign AND state = 'accepted' AND accepted_at <= :before
ORDER BY accepted_at LIMIT :limit;

-- latest_mark --
-- The latest mark of an unproven entry: time can't be before it.
SELECT max(first_maybe_sent_at) FROM entries WHERE first_maybe_sent_at IS NOT NULL;

-- clamp_due --
-- After a clock that ran ahead: nothing waits longer than it could have been told to. By campaign,
-- as its index is: else all that waits would be read at each start.
UPDATE entries SET due_at = :latest
WHERE campaign IN (SELECT campaign FROM totals)
  AND state = 'due' AND fenced = 0 AND due_at > :latest;

-- clamp_held --
-- The same for held entries that are tried again by themselves.
UPDATE entries SET due_at = :latest
WHERE campaign IN (SELECT campaign FROM totals)
  AND state = 'held' AND due_at IS NOT NULL AND due_at > :latest;

-- clamp_leases --
-- The same for leases.
UPDATE entries SET lease_until = :latest
WHERE campaign IN (SELECT campaign FROM totals)
  AND state = 'sending' AND lease_until > :latest;

-- links_of_user --
-- The players that are linked to a userRef.
SELECT * FROM links WHERE campaign = :campaign AND user_ref = :user_ref ORDER BY since, player;

-- unmatched_of --
-- A user's entries that a payout could belong to and that have none, oldest first.
SELECT * FROM entries
WHERE campaign = :campaign AND bound_ref = :user_ref AND event_code = :event_code
  AND (state IN ('accepted', 'confirmed') OR first_maybe_sent_at IS NOT NULL)
  AND NOT EXISTS (SELECT 1 FROM payouts WHERE payouts.entry_id = entries.id)
ORDER BY first_maybe_sent_at IS NOT NULL, coalesce(accepted_at, 0), id;

-- kin --
-- The same of all events, and whether each is as the API took it: unproven by nothing, fenced by none.
SELECT id, event_code, created_at, amount,
       state = 'accepted' AND fenced = 0 AND first_maybe_sent_at IS NULL
FROM entries
WHERE campaign = :campaign AND bound_ref = :user_ref
  AND (state IN ('accepted', 'confirmed') OR first_maybe_sent_at IS NOT NULL)
  AND NOT EXISTS (SELECT 1 FROM payouts WHERE payouts.entry_id = entries.id)
ORDER BY first_maybe_sent_at IS NOT NULL, coalesce(accepted_at, 0), id;

-- confirm --
-- A payout proves an entry that the API took.
UPDATE entries SET state = 'confirmed', reason = '', amount = ?, look_at = NULL, updated_at = ?
WHERE id = ?;

-- any_quarantined --
-- Whether entries of a campaign are held by a quarantine.
SELECT 1 FROM entries
WHERE state = 'held' AND reason = 'quarantine' AND campaign = :campaign LIMIT 1;

-- quarantined_of --
-- A user's entries that were held before they were sent, by a ledger that may lack its past.
SELECT * FROM entries
WHERE campaign = :campaign AND user_ref = :user_ref AND event_code = :event_code
  AND state = 'held' AND reason = 'quarantine' AND first_maybe_sent_at IS NULL
ORDER BY id;

-- any_of --
-- A user's newest entry of an event that was ever sent.
SELECT * FROM entries
WHERE campaign = :campaign AND bound_ref = :user_ref AND event_code = :event_code
ORDER BY id DESC LIMIT 1;

-- to_look_for --
-- Whose payouts are to be looked for now, one row an entry: whoever reads it stops at enough.
SELECT bound_ref FROM entries
WHERE campaign = :campaign AND look_at <= :now AND bound_ref IS NOT NULL
ORDER BY look_at, id;

-- next_look --
-- When a payout of a campaign is to be looked for next.
SELECT min(look_at) FROM entries WHERE campaign = :campaign AND look_at IS NOT NULL;

-- looked_for --
-- A user's entries that are looked for.
SELECT * FROM entries INDEXED BY entries_looked_for
WHERE campaign = :campaign AND bound_ref = :user_ref AND look_at IS NOT NULL;

-- codes_looked_for --
-- The events of a user's entries that are looked for.
SELECT DISTINCT event_code FROM entries INDEXED BY entries_looked_for
WHERE campaign = :campaign AND bound_ref = :user_ref AND look_at IS NOT NULL;

-- look_again --
-- Look for a user's entries later, the longer the oftener they were looked for in vain.
UPDATE entries INDEXED BY entries_looked_for
SET look_at = :now + json_extract(:waits, '$[' || min(looks, json_array_length(:waits) - 1) || ']'),
    looks = looks + 1
WHERE campaign = :campaign AND bound_ref = :user_ref AND look_at IS NOT NULL;

-- held_for --
-- Entries held for a reason, oldest first.
SELECT * FROM entries
WHERE state = 'held' AND reason = :reason AND (:campaign IS NULL OR campaign = :campaign)
ORDER BY id LIMIT :limit;

-- held_and_priced --
-- Entries held for a reason whose event's price is known.
SELECT e.* FROM entries e JOIN prices p ON p.campaign = e.campaign AND p.event_code = e.event_code
WHERE e.state = 'held' AND e.reason = :reason AND e.campaign = :campaign
ORDER BY e.id LIMIT :limit;

-- held_before --
-- Entries that have been held for a reason since before a time.
SELECT * FROM entries
WHERE state = 'held' AND reason = :reason AND created_at < :before
  AND first_maybe_sent_at IS NULL
LIMIT :limit;

-- forget_messages --
-- Make unknown again what was held for a reason and never sent: first its message ids.
DELETE FROM message_ids WHERE counted = 0 AND entry_id IN (
  SELECT id FROM entries WHERE state = 'held' AND reason = :reason AND attempts = 0);

-- forget_decisions --
-- Those that moved counters stay known: else a resend would count once more.
UPDATE message_ids SET entry_id = NULL WHERE counted = 1 AND entry_id IN (
  SELECT id FROM entries WHERE state = 'held' AND reason = :reason AND attempts = 0);

-- forget_origins --
-- Then where it came from.
DELETE FROM origins WHERE entry_id IN (
  SELECT id FROM entries WHERE state = 'held' AND reason = :reason AND attempts = 0);

-- forget_notes --
-- What was decided about it stays in the journal.
UPDATE journal SET entry_id = NULL WHERE entry_id IN (
  SELECT id FROM entries WHERE state = 'held' AND reason = :reason AND attempts = 0);

-- forget_changes --
-- What the stream was told of it: its number may be another entry's by and by.
DELETE FROM changes WHERE entry_id IN (
  SELECT id FROM entries WHERE state = 'held' AND reason = :reason AND attempts = 0);

-- forget_once --
-- That its user has had it; written as `ledger/braking.py` writes scopes.
DELETE FROM tallies WHERE period = '' AND scope IN (
  SELECT json_array('once', campaign, user_ref, event_code, feat, occurrence) FROM entries
  WHERE state = 'held' AND reason = :reason AND attempts = 0);

-- forget_entries --
-- Then the entries themselves.
DELETE FROM entries WHERE state = 'held' AND reason = :reason AND attempts = 0;

-- quarantine_entries --
-- Hold what waits or is under way; marks stay.
UPDATE entries
SET state = 'held', reason = :reason, due_at = NULL, fenced = 0, lease_until = NULL,
    lease_owner = NULL, updated_at = :now
WHERE state IN ('due', 'sending');

-- note_quarantined --
-- What the stream is told of it.
INSERT INTO changes (at, entry_id, state, reason)
SELECT :now, id, 'held', :reason FROM entries WHERE state IN ('due', 'sending');

-- add_change --
-- A change for the stream.
INSERT INTO changes (at, entry_id, state, reason) VALUES (:at, :entry_id, :state, :reason);

-- add_first_changes --
-- The first change of new entries.
INSERT INTO changes (at, entry_id, state, reason)
SELECT :at, id, state, reason FROM entries WHERE id BETWEEN :first AND :last ORDER BY id;

-- add_changes --
-- Changes of many entries to one state.
INSERT INTO changes (at, entry_id, state, reason) VALUES (?, ?, ?, '');

-- drop_changes --
-- Changes that no stream will ask for any more.
DELETE FROM changes WHERE number <= :up_to;

-- changes --
-- Changes after one, oldest first.
SELECT changes.number, changes.at, changes.state AS told, changes.reason AS why, entries.*
FROM changes JOIN entries ON entries.id = changes.entry_id
WHERE changes.number > :after ORDER BY changes.number LIMIT :limit;

-- last_change --
-- The newest change's number.
SELECT seq FROM sqlite_sequence WHERE name = 'changes' UNION ALL SELECT 0 LIMIT 1;

-- first_change --
-- The oldest one that is still kept.
SELECT min(number) FROM changes;

-- session --
-- One link session.
SELECT * FROM sessions WHERE id = :id;

-- open_session --
-- The open session of a player and an address; on the page there is no player.
SELECT * FROM sessions
WHERE campaign = :campaign AND player IS :player AND email IS :email
  AND state IN ('starting', 'pending') AND player IS NOT NULL
ORDER BY id DESC LIMIT 1;

-- named_session --
-- The session of this name or key.
SELECT * FROM sessions
WHERE campaign = :campaign AND (session_key = :name OR key = :key)
ORDER BY id DESC LIMIT 1;

-- begun_before --
-- How many sessions there were for a player and an address; of the forgotten any may have been.
SELECT count(*) FROM sessions
WHERE campaign = :campaign AND player IS :player AND (email IS :email OR email IS NULL);

-- insert_session --
-- A new link session.
INSERT INTO sessions (key, campaign, player, email, session_key, url, state, detail, user_ref,
                      started_at, updated_at, ends_at, look_at, looks)
VALUES (:key, :campaign, :player, :email, :session_key, :url, :state, :detail, :user_ref,
        :started_at, :updated_at, :ends_at, :look_at, :looks);

-- save_session --
-- What changes of a session.
UPDATE sessions
SET player = :player, email = :email, session_key = :session_key, url = :url, state = :state,
    detail = :detail, user_ref = :user_ref, updated_at = :updated_at, ends_at = :ends_at,
    look_at = :look_at, looks = :looks
WHERE id = :id;

-- sessions_due --
-- Sessions to be looked at now.
SELECT * FROM sessions WHERE look_at <= :now ORDER BY look_at LIMIT :limit;

-- next_session_look --
-- When a session is to be looked at next.
SELECT min(look_at) FROM sessions WHERE look_at IS NOT NULL;

-- sessions_of_player --
-- A player's sessions, newest first.
SELECT * FROM sessions WHERE player = :player ORDER BY id DESC LIMIT :limit;

-- forget_sessions --
-- Erase what names a person in a player's sessions, and end those that are open.
UPDATE sessions
SET email = NULL, url = NULL, session_key = NULL, user_ref = NULL, look_at = NULL,
    state = CASE WHEN state IN ('starting', 'pending') THEN 'failed' ELSE state END,
    detail = 'forgotten'
WHERE player = :player;

-- strangers --
-- How many sessions of the page that are over keep an address, and never became a player's.
SELECT count(*) FROM sessions
WHERE player IS NULL AND email IS NOT NULL AND state NOT IN ('starting', 'pending')
  AND updated_at < :before;

-- forget_strangers --
-- Erase what names a person in them.
UPDATE sessions SET email = NULL, url = NULL
WHERE player IS NULL AND email IS NOT NULL AND state NOT IN ('starting', 'pending')
  AND updated_at < :before;

-- forget_codes --
-- End a player's codes.
DELETE FROM codes WHERE player = :player;

-- erase_journal --
-- Erase which users a player was linked to.
UPDATE journal SET detail = 'erased' WHERE player = :player;

-- end_codes --
-- A new code ends the older ones of the same player or session.
DELETE FROM codes
WHERE used_at IS NULL AND campaign = :campaign AND player IS :player
  AND session_id IS :session_id;

-- add_code --
-- A code, by its hash.
INSERT OR REPLACE INTO codes (digest, campaign, player, session_id, ends_at)
VALUES (:digest, :campaign, :player, :session_id, :ends_at);

-- code --
-- Whom a fresh, unused code stands for.
SELECT * FROM codes WHERE digest = :digest AND used_at IS NULL AND ends_at > :now;

-- used_code --
-- Whom a code stands for that was used.
SELECT * FROM codes WHERE digest = :digest AND used_at IS NOT NULL;

-- use_code --
-- A code is good once.
UPDATE codes SET used_at = :now WHERE digest = :digest;

-- webhook --
-- A webhook that came before.
SELECT became FROM inbox WHERE digest = :digest;

-- add_webhook --
-- A webhook and what became of it.
INSERT INTO inbox (digest, campaign, event, sent_at, received_at, body, became, entry_id)
VALUES (:digest, :campaign, :event, :sent_at, :received_at, :body, :became, :entry_id);

-- webhooks_of --
-- The webhooks that told of an entry.
SELECT event, received_at, became FROM inbox WHERE entry_id = :id ORDER BY received_at;

-- payout --
-- A payout by any of its names.
SELECT * FROM payouts WHERE number IN (
  SELECT number FROM payouts WHERE campaign = :campaign AND id = :id AND id IS NOT row_id
  UNION ALL SELECT number FROM payouts WHERE campaign = :campaign AND told_id = :id
  UNION ALL SELECT number FROM payouts WHERE campaign = :campaign AND row_id = :id
  UNION ALL SELECT number FROM payouts WHERE campaign = :campaign AND hash = :id)
ORDER BY row_id IS :id DESC, hash IS :id DESC, told_id IS :id DESC LIMIT 1;

-- payout_of --
-- The payout that belongs to an entry.
SELECT * FROM payouts WHERE entry_id = :entry_id;

-- entry_of_payout --
-- The entry that a payout belongs to.
SELECT entry_id FROM payouts WHERE number = :number;

-- add_payout --
-- A payout that the API told of.
INSERT INTO payouts (campaign, id, told_id, row_id, hash, user_ref, event_code, amount, paid_at,
                     seen_at, via, wire_key, entry_id)
VALUES (:campaign, :id, :told_id, :row_id, :hash, :user_ref, :event_code, :amount, :paid_at,
        :seen_at, :via, :wire_key, :entry_id);

-- add_payouts --
-- Rows of a history.
INSERT INTO payouts (campaign, id, row_id, hash, user_ref, event_code, amount, paid_at, seen_at, via,
                     entry_id)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- any_told --
-- Whether a webhook has told of any payout of a campaign.
SELECT 1 FROM payouts WHERE campaign = :campaign AND told_id IS NOT NULL LIMIT 1;

-- codes_open --
-- Events of a user of which a payout has no entry, or no row of the history.
SELECT event_code FROM payouts INDEXED BY payouts_unmatched
WHERE campaign = :campaign AND user_ref = :user_ref AND entry_id IS NULL AND not_ours = 0
UNION
SELECT event_code FROM payouts INDEXED BY payouts_unshown
WHERE campaign = :campaign AND user_ref = :user_ref AND row_id IS NULL;

-- shown_payout --
-- Whether a row of a history was shown before.
SELECT 1 FROM payouts WHERE campaign = :campaign AND row_id = :row_id;

-- shown_payouts --
-- Which rows of a history were shown before.
SELECT row_id FROM payouts
WHERE campaign = :campaign AND row_id IN (SELECT value FROM json_each(:row_ids));

-- named_payout --
-- A payout that a webhook told of by one of these names.
SELECT * FROM payouts WHERE via = 'webhook' AND number IN (
  SELECT number FROM payouts
  WHERE campaign = :campaign AND id IN (:row_id, :hash) AND id IS NOT row_id
  UNION ALL SELECT number FROM payouts
  WHERE campaign = :campaign AND row_id IS NOT NULL AND row_id IN (:row_id, :hash) AND id = row_id
  UNION ALL SELECT number FROM payouts
  WHERE campaign = :campaign AND told_id IS NOT NULL AND told_id IN (:row_id, :hash))
LIMIT 1;

-- unshown_payout --
-- A payout of this kind that a webhook told of and the history has not shown, the oldest.
SELECT * FROM payouts INDEXED BY payouts_unshown
WHERE campaign = :campaign AND row_id IS NULL AND user_ref = :user_ref AND event_code = :event_code
ORDER BY seen_at, id LIMIT 1;

-- show_payout --
-- The history's names of a payout that a webhook told of.
UPDATE payouts SET id = CASE WHEN id IS row_id OR id GLOB 'webhook:*' THEN :row_id ELSE id END,
                   row_id = :row_id, hash = :hash, amount = coalesce(amount, :amount),
                   paid_at = coalesce(:paid_at, paid_at)
WHERE number = :number;

-- keyed_payout --
-- A payout that a webhook told of under this key: any where this one names none, else one without
-- a name.
SELECT * FROM payouts
WHERE campaign = :campaign AND wire_key = :wire_key AND user_ref = :user_ref
  AND event_code = :event_code AND (:name IS NULL OR told_id GLOB 'webhook:*')
ORDER BY number LIMIT 1;

-- untold_payout --
-- A payout of this kind that the history alone has shown: an entry's own, else one of no entry.
SELECT * FROM payouts
WHERE campaign = :campaign AND user_ref = :user_ref AND event_code = :event_code
  AND via = 'history'
ORDER BY entry_id IS :entry_id DESC, entry_id IS NULL DESC, coalesce(paid_at, seen_at), id LIMIT 1;

-- match --
-- The entry that a payout belongs to.
UPDATE payouts SET entry_id = :entry_id WHERE number = :number;

-- prove --
-- Under which key a payout was made, and how a webhook names it; what stands in for a name gives way
-- to one.
UPDATE payouts SET wire_key = coalesce(:wire_key, wire_key), via = :via,
                   id = CASE WHEN id GLOB 'webhook:*' THEN :told_id ELSE id END,
                   told_id = CASE WHEN told_id IS NULL OR told_id GLOB 'webhook:*' THEN :told_id
                                  ELSE told_id END
WHERE number = :number;

-- unmatched --
-- Payouts of a user and event that belong to no entry, oldest first.
SELECT * FROM payouts
WHERE campaign = :campaign AND user_ref = :user_ref AND event_code = :event_code
  AND entry_id IS NULL AND not_ours = 0
ORDER BY coalesce(paid_at, seen_at), id;

-- all_unmatched --
-- Payouts of a campaign that belong to no entry.
SELECT * FROM payouts WHERE campaign = :campaign AND entry_id IS NULL AND not_ours = 0
ORDER BY seen_at, id LIMIT :limit;

-- accept_payouts --
-- What belongs to no entry is not ours, on an operator's word.
UPDATE payouts SET not_ours = 1 WHERE campaign = :campaign AND entry_id IS NULL;

-- payees --
-- Every userRef of a campaign that was ever sent to, or is linked.
SELECT DISTINCT bound_ref AS user_ref FROM entries
WHERE campaign = :campaign AND bound_ref IS NOT NULL
UNION
SELECT user_ref FROM links WHERE campaign = :campaign
UNION
SELECT user_ref FROM payouts WHERE campaign = :campaign AND entry_id IS NULL AND not_ours = 0;

-- was_paid_to --
-- Whether the API took anything for a user, may have, or told of a payout.
SELECT EXISTS (
  SELECT 1 FROM entries WHERE campaign = :campaign AND bound_ref = :user_ref
  AND (accepted_at IS NOT NULL OR first_maybe_sent_at IS NOT NULL)
) OR EXISTS (SELECT 1 FROM payouts WHERE campaign = :campaign AND user_ref = :user_ref);

-- lane --
-- What is known of a campaign.
SELECT * FROM lanes WHERE campaign = :campaign;

-- lanes --
-- The same of all.
SELECT * FROM lanes;

-- adopt_lane --
-- What the settings say of a campaign.
INSERT INTO lanes (campaign, shadow, history, first_look, per_user)
VALUES (:campaign, :shadow, :history, :first_look, :per_user)
ON CONFLICT (campaign)
DO UPDATE SET shadow = excluded.shadow, history = excluded.history,
              first_look = excluded.first_look, per_user = excluded.per_user;

-- pause_lane --
-- Pause a campaign, or let it go on.
INSERT INTO lanes (campaign, paused_at, paused_by, paused_for) VALUES (:campaign, :at, :who, :why)
ON CONFLICT (campaign)
DO UPDATE SET paused_at = excluded.paused_at, paused_by = excluded.paused_by,
              paused_for = excluded.paused_for;

-- set_paid --
-- What the API says it has paid, and how much of it is not ours.
INSERT INTO lanes (campaign, paid_base, base_most, paid_out, paid_least, paid_most, paid_at)
VALUES (:campaign, :base, :base_most, :paid_out, :least, :most, :at)
ON CONFLICT (campaign)
DO UPDATE SET paid_base = excluded.paid_base, base_most = excluded.base_most,
              paid_out = excluded.paid_out, paid_least = excluded.paid_least,
              paid_most = excluded.paid_most, paid_at = excluded.paid_at;

-- price --
-- What an event pays.
SELECT amount FROM prices WHERE campaign = :campaign AND event_code = :event_code;

-- drop_prices --
-- A campaign's prices are about to be set anew.
DELETE FROM prices WHERE campaign = :campaign;

-- set_price --
-- What an event pays.
INSERT OR REPLACE INTO prices (campaign, event_code, amount)
VALUES (:campaign, :event_code, :amount);

-- total --
-- A campaign's entries in one state.
SELECT coalesce(sum(n), 0) AS n, coalesce(sum(amount), 0) AS amount,
       coalesce(sum(unpriced), 0) AS unpriced
FROM totals WHERE campaign = :campaign AND state = :state;

-- unproven_total --
-- A campaign's entries that an attempt may have paid.
SELECT count(*) AS n, coalesce(sum(amount), 0) AS amount, count(*) - count(amount) AS unpriced
FROM entries WHERE campaign = :campaign AND first_maybe_sent_at IS NOT NULL;

-- tally --
-- What a brake has counted.
SELECT value FROM tallies WHERE scope = :scope AND period = :period;

-- count_tally --
-- Count more.
INSERT INTO tallies (scope, period, value, at) VALUES (:scope, :period, :value, :at)
ON CONFLICT (scope, period) DO UPDATE SET value = value + excluded.value, at = excluded.at;

-- drop_tallies --
-- Forget what was counted for periods that are over.
DELETE FROM tallies WHERE at < :before AND period <> '';

-- ledger --
-- The ledger's own standing.
SELECT *, EXISTS (SELECT 1 FROM entries) OR EXISTS (SELECT 1 FROM arrivals) AS has_rows FROM ledger;

-- advance --
-- One change more.
UPDATE ledger SET sequence = sequence + 1 RETURNING sequence;

-- quarantined --
-- Why the ledger is in quarantine.
SELECT quarantine FROM ledger;

-- set_quarantine --
-- Put it into quarantine, or end it.
UPDATE ledger SET quarantine = :reason, copied = CASE WHEN :reason = '' THEN 0 ELSE copied END;

-- journal_all --
-- The journal, newest first.
SELECT * FROM journal ORDER BY id DESC LIMIT :limit;

-- adopt_source --
-- Keep a source and the scope of its ids.
INSERT INTO sources (name, id_scope) VALUES (:name, :scope)
ON CONFLICT (name) DO UPDATE SET id_scope = excluded.id_scope;

-- use_source --
-- A source has made an entry.
INSERT INTO sources (name, id_scope, used) VALUES (:name, '', 1)
ON CONFLICT (name) DO UPDATE SET used = 1 WHERE used = 0;

-- sources --
-- Every source that was ever adopted.
SELECT * FROM sources ORDER BY name;

-- keep_turn --
-- What a source has come to; a null leaves what was kept.
INSERT INTO turns (source, part, adapter, memory, place, at)
VALUES (:source, :part, :adapter, :memory, :place, :at)
ON CONFLICT (source, part) DO UPDATE SET
  adapter = excluded.adapter, memory = coalesce(excluded.memory, memory),
  place = coalesce(excluded.place, place), at = excluded.at;

-- turn --
-- What a source, or one of its state files, has come to.
SELECT * FROM turns WHERE source = :source AND part = :part;

-- parts --
-- The places of a source's state files.
SELECT part, place FROM turns WHERE source = :source AND part <> '';

-- add_aside --
-- Keep a message that an adapter failed on.
INSERT INTO asides (source, adapter, at, peer, position, body, error)
VALUES (:source, :adapter, :at, :peer, :position, :body, :error);

-- drop_asides --
-- Forget all but the newest of a source.
DELETE FROM asides WHERE source = :source AND id NOT IN (
  SELECT id FROM asides WHERE source = :source ORDER BY id DESC LIMIT :kept);

-- drop_aside --
-- Forget one.
DELETE FROM asides WHERE id = :number;

-- asides --
-- What was kept aside, oldest first.
SELECT * FROM asides WHERE source = :source ORDER BY id LIMIT :limit;

-- last_entry --
-- The newest entry's number, 0 where there is none.
SELECT coalesce(max(id), 0) FROM entries;

-- last_filed --
-- The last entry before which none waits to be filed.
SELECT coalesce((SELECT first - 1 FROM arrivals ORDER BY first LIMIT 1),
                (SELECT max(id) FROM entries), 0);

-- last_number --
-- The newest number that was given to an entry, filed or not.
SELECT max(coalesce((SELECT max(id) FROM entries), 0),
           coalesce((SELECT first + n - 1 FROM arrivals ORDER BY first DESC LIMIT 1), 0));

-- add_arrivals --
-- Entries as they arrived.
INSERT INTO arrivals (first, n, at, packed) VALUES (?, ?, ?, ?);

-- arrivals --
-- What waits to be filed, oldest first.
SELECT first, n FROM arrivals ORDER BY first;

-- packed --
-- The same, for knowing their keys.
SELECT first, packed FROM arrivals ORDER BY first;

-- arrivals_around --
-- The arrivals that may hold a number.
SELECT * FROM arrivals WHERE first <= :number ORDER BY first DESC LIMIT 1;

-- drop_arrivals --
-- They have been filed.
DELETE FROM arrivals WHERE first = :first;

-- count_arrivals --
-- How many wait.
SELECT coalesce(sum(n), 0) FROM arrivals;

-- made_since --
-- What was made after an entry, by campaign and event code, with its price where it is known.
SELECT e.campaign, e.event_code, count(*) AS n,
       (SELECT amount FROM prices p
        WHERE p.campaign = e.campaign AND p.event_code = e.event_code) AS price
FROM entries e WHERE e.id > :entry GROUP BY e.campaign, e.event_code ORDER BY 1, 2;

-- prunable_bodies --
-- Entries after one, each with whether its bytes or its message are to go: nothing is sent of it.
SELECT e.id, e.state IN ('confirmed', 'accepted', 'discarded') AND e.first_maybe_sent_at IS NULL
             AND e.updated_at < :before AND (length(e.body) > 0 OR length(o.raw) > 0) AS old
FROM entries e LEFT JOIN origins o ON o.entry_id = e.id
WHERE e.id > :after ORDER BY e.id LIMIT :limit;

-- prune_bodies --
-- A body that was there stays known as one: only an entry that was never sent has none.
UPDATE entries SET body = x''
WHERE body IS NOT NULL AND id IN (SELECT value FROM json_each(:ids));

-- prune_messages --
-- The message as it came, with its row: an update would leave its pages as they are, half empty.
DELETE FROM origins WHERE entry_id IN (SELECT value FROM json_each(:ids));

-- prune_bindings --
-- Bytes of later bindings; their keys stay.
UPDATE bindings SET body = x'' WHERE entry_id IN (SELECT value FROM json_each(:ids));

-- prunable_attempts --
-- Attempts after one, each with whether it is to go.
SELECT a.rowid AS id, e.state IN ('confirmed', 'accepted', 'discarded')
                      AND e.first_maybe_sent_at IS NULL AND a.at < :before
                      AND e.updated_at < :before AS old
FROM attempts a JOIN entries e ON e.id = a.entry_id
WHERE a.rowid > :after ORDER BY a.rowid LIMIT :limit;

-- prune_attempts --
-- What they met.
DELETE FROM attempts WHERE rowid IN (SELECT value FROM json_each(:ids));

-- prunable_inbox --
-- Webhooks after one, by their hash, each with whether its body is to go.
SELECT digest AS id, received_at < :before AND length(body) > 0 AS old FROM inbox
WHERE digest > :after ORDER BY digest LIMIT :limit;

-- prune_inbox --
-- The body; that it came stays known, or it could take effect once more.
UPDATE inbox SET body = x'' WHERE digest = :id;

-- prunable_journal --
-- Lines of the journal after one, each with whether it is to go.
SELECT id, at < :before AS old FROM journal WHERE id > :after ORDER BY id LIMIT :limit;

-- prune_journal --
-- Lines of the journal.
DELETE FROM journal WHERE id IN (SELECT value FROM json_each(:ids));

-- prunable_changes --
-- Changes after one, each with whether it is to go.
SELECT number AS id, at < :before AS old FROM changes
WHERE number > :after ORDER BY number LIMIT :limit;

-- prune_changes --
-- Changes that streams were told of.
DELETE FROM changes WHERE number IN (SELECT value FROM json_each(:ids));

-- export_entries --
-- Entries after one, oldest first.
SELECT * FROM entries
WHERE id > :after
  AND (:campaign IS NULL OR campaign = :campaign)
  AND (:player IS NULL OR player = :player)
  AND (:state IS NULL OR state = :state)
  AND (:since IS NULL OR updated_at >= :since)
ORDER BY id LIMIT :limit;

-- export_of_player --
-- The same of one player.
WITH mine (id) AS (
  SELECT p.entry_id FROM segments s
  CROSS JOIN known_players p ON p.segment = s.number AND p.player = :player
  UNION
  SELECT id FROM entries
  WHERE id > coalesce((SELECT last FROM segments ORDER BY slot DESC, number DESC LIMIT 1), 0)
    AND player = :player
)
SELECT e.* FROM mine CROSS JOIN entries e ON e.id = mine.id
WHERE e.player = :player AND e.id > :after
  AND (:campaign IS NULL OR e.campaign = :campaign)
  AND (:state IS NULL OR e.state = :state)
  AND (:since IS NULL OR e.updated_at >= :since)
ORDER BY e.id LIMIT :limit;

-- export_origins --
-- Where they came from.
SELECT * FROM origins WHERE entry_id IN (SELECT value FROM json_each(:ids));

-- export_attempts --
-- Their attempts, oldest first.
SELECT * FROM attempts WHERE entry_id IN (SELECT value FROM json_each(:ids)) ORDER BY rowid;

-- export_bindings --
-- Their wire keys, oldest first.
SELECT entry_id, wire_key FROM bindings WHERE entry_id IN (SELECT value FROM json_each(:ids))
ORDER BY entry_id, binding;

-- export_journal --
-- What was decided about them.
SELECT * FROM journal WHERE entry_id IN (SELECT value FROM json_each(:ids)) ORDER BY id;

-- export_payouts --
-- The payouts that prove them.
SELECT * FROM payouts WHERE entry_id IN (SELECT value FROM json_each(:ids));

-- export_webhooks --
-- The webhooks that told of them.
SELECT entry_id, event, received_at, became FROM inbox
WHERE entry_id IN (SELECT value FROM json_each(:ids)) ORDER BY received_at;

-- export_rules --
-- Every rule that made entries.
SELECT id, definition FROM rules;

-- any_unreadable --
-- Whether there are entries of which only the key could be read: nobody knows whose they are.
SELECT 1 FROM totals WHERE reason = 'unreadable' AND n > 0 LIMIT 1;
