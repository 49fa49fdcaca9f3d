-- by_id --
-- One entry by its number.
SELECT * FROM entries WHERE id = :id;

-- by_key --
-- One entry by its key.
SELECT * FROM entries WHERE key = :key;

-- by_wire_key --
-- The entry that was ever sent under a wire key of a later binding.
SELECT * FROM entries WHERE id = (SELECT entry_id FROM bindings WHERE wire_key = :key);

-- insert --
-- A new entry.
INSERT INTO entries (key, campaign, player, event_code, feat, occurrence, rule_id, state, reason,
                     user_ref, created_at, updated_at, due_at)
VALUES (:key, :campaign, :player, :event_code, :feat, :occurrence, :rule_id, :state, :reason,
        :user_ref, :created_at, :updated_at, :due_at);

-- insert_origin --
-- Where it came from.
INSERT INTO origins (entry_id, source, peer, adapter, raw, received_at, name, id, occurred_at)
VALUES (:entry_id, :source, :peer, :adapter, :raw, :received_at, :name, :id, :occurred_at);

-- save --
-- Everything about an entry that moves.
UPDATE entries
SET state = :state, reason = :reason, user_ref = :user_ref, updated_at = :updated_at,
    due_at = :due_at, bound_ref = :bound_ref, body = :body, wire_key = :wire_key,
    binding = :binding, rebind = :rebind, attempts = :attempts, failures = :failures,
    refusals = :refusals, conflicts = :conflicts, lease_until = :lease_until,
    lease_owner = :lease_owner, first_maybe_sent_at = :first_maybe_sent_at,
    mark_attempt = :mark_attempt, fenced = :fenced
WHERE id = :id;

-- message --
-- What a known message id made.
SELECT entry_id, content FROM message_ids WHERE digest = :digest;

-- remember_message --
-- Keep a message id for ever.
INSERT INTO message_ids (digest, entry_id, content) VALUES (:digest, :entry_id, :content);

-- due --
-- Entries that can be claimed, oldest due first.
SELECT * FROM entries
WHERE campaign = :campaign AND state = 'due' AND fenced = 0 AND due_at <= :now
ORDER BY due_at, id LIMIT :limit;

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
SELECT 1 FROM entries
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
-- A player's entries that aren't settled.
SELECT * FROM entries
WHERE player = :player AND campaign = :campaign
  AND state IN ('due', 'sending', 'held', 'uncertain', 'dead')
ORDER BY id;

-- links --
-- Links of one player, or all.
SELECT * FROM links WHERE :player IS NULL OR player = :player ORDER BY player, campaign;

-- add_attempt --
-- What one attempt met.
INSERT INTO attempts (entry_id, number, binding, at, outcome, status, detail, head, seconds)
VALUES (:entry_id, :number, :binding, :at, :outcome, :status, :detail, :head, :seconds);

-- add_binding --
-- One binding's wire key and bytes.
INSERT OR IGNORE INTO bindings (entry_id, binding, wire_key, user_ref, body)
VALUES (:id, :binding, :wire_key, :bound_ref, :body);

-- add_note --
-- A line of the journal.
INSERT INTO journal (at, who, what, entry_id, detail) VALUES (:at, :who, :what, :entry_id, :detail);

-- use_rule --
-- The number of a rule that makes an entry now.
INSERT INTO rules (definition, used) VALUES (:definition, 1)
ON CONFLICT (definition) DO UPDATE SET used = 1
RETURNING id;

-- rules --
-- The rules in force, in order, with how many entries each has made.
SELECT definition, used, (SELECT count(*) FROM entries WHERE rule_id = rules.id) AS entries
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

-- listing --
-- Entries, newest first.
SELECT * FROM entries
WHERE (:campaign IS NULL OR campaign = :campaign)
  AND (:player IS NULL OR player = :player)
  AND (:state IS NULL OR state = :state)
ORDER BY id DESC LIMIT :limit;

-- listing_of_player --
-- One player's entries, newest first.
SELECT * FROM entries
WHERE player = :player
  AND (:campaign IS NULL OR campaign = :campaign)
  AND (:state IS NULL OR state = :state)
ORDER BY id DESC LIMIT :limit;

-- counts --
-- Entries by campaign and state.
SELECT campaign, state, count(*) AS n, sum(fenced) AS fenced FROM entries GROUP BY campaign, state;

-- oldest_due --
-- Since when the oldest due entry of each campaign has been due.
SELECT campaign, min(due_at) AS at FROM entries WHERE state = 'due' GROUP BY campaign;

-- latest_mark --
-- The latest mark of an unproven entry: time can't be before it.
SELECT max(first_maybe_sent_at) FROM entries WHERE first_maybe_sent_at IS NOT NULL;

-- clamp_due --
-- After a clock that ran ahead: nothing waits longer than it could have been told to.
UPDATE entries SET due_at = :latest WHERE state = 'due' AND fenced = 0 AND due_at > :latest;

-- clamp_held --
-- The same for held entries that are tried again by themselves.
UPDATE entries SET due_at = :latest
WHERE state = 'held' AND due_at IS NOT NULL AND due_at > :latest;

-- clamp_leases --
-- The same for leases.
UPDATE entries SET lease_until = :latest WHERE state = 'sending' AND lease_until > :latest;
