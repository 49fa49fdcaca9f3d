-- add_campaign --
-- A new campaign, without funds.
INSERT INTO campaign (id, name, environment, status, created_at, updated_at)
VALUES (:id, :name, :environment, :status, :now, :now);

-- campaign --
-- One campaign by its id.
SELECT * FROM campaign WHERE id = :campaign_id;

-- campaign_of_key --
-- The campaign that an API key was made for.
SELECT campaign.* FROM campaign JOIN api_key ON api_key.campaign_id = campaign.id
WHERE api_key.hash = :hash AND api_key.revoked_at IS NULL;

-- campaigns --
-- All campaigns, oldest first.
SELECT * FROM campaign ORDER BY rowid;

-- set_status --
-- The visible status of a campaign.
UPDATE campaign SET status = :status, updated_at = :now WHERE id = :campaign_id;

-- add_api_key --
-- One more key of a campaign.
INSERT INTO api_key (campaign_id, hash, tail, created_at)
VALUES (:campaign_id, :hash, :tail, :now);

-- api_keys --
-- A campaign's keys, newest first.
SELECT id, tail, created_at, revoked_at FROM api_key
WHERE campaign_id = :campaign_id ORDER BY id DESC;

-- revoke_api_key --
-- A key opens nothing any more.
UPDATE api_key SET revoked_at = :now
WHERE campaign_id = :campaign_id AND id = :id AND revoked_at IS NULL;

-- fund --
-- Money comes in.
UPDATE campaign
SET funded = funded + :amount, available = available + :amount, updated_at = :now
WHERE id = :campaign_id;

-- pay --
-- Money goes out, where there is enough.
UPDATE campaign
SET paid_out = paid_out + :amount, available = available - :amount, updated_at = :now
WHERE id = :campaign_id AND available >= :amount;

-- withdraw_all --
-- What remains goes back to the owner.
UPDATE campaign
SET withdrawn = withdrawn + available, available = 0, updated_at = :now
WHERE id = :campaign_id;

-- set_event --
-- An event of a campaign's catalogue, at its end, or the one with this code as it is now.
INSERT INTO configured_event (campaign_id, position, code, name, payout_amount)
VALUES (
  :campaign_id,
  (SELECT coalesce(max(position) + 1, 0) FROM configured_event WHERE campaign_id = :campaign_id),
  :code, :name, :payout_amount
)
ON CONFLICT (campaign_id, code)
DO UPDATE SET name = excluded.name, payout_amount = excluded.payout_amount;

-- drop_event --
-- An event leaves the catalogue.
DELETE FROM configured_event WHERE campaign_id = :campaign_id AND code = :code;

-- events --
-- A campaign's catalogue, in the order it was given.
SELECT code, name, payout_amount FROM configured_event
WHERE campaign_id = :campaign_id ORDER BY position;

-- payout_amount --
-- What one event of a campaign pays.
SELECT payout_amount FROM configured_event WHERE campaign_id = :campaign_id AND code = :code;

-- link_user --
-- A user who may be paid; one who is linked stays as they are, one who was removed comes back.
INSERT INTO linked_user (campaign_id, user_ref, email, linked_at, invite_id)
VALUES (:campaign_id, :user_ref, :email, :now, :invite_id)
ON CONFLICT (campaign_id, user_ref) DO UPDATE
SET email = coalesce(excluded.email, email), linked_at = excluded.linked_at, removed_at = NULL,
    invite_id = excluded.invite_id
WHERE removed_at IS NOT NULL;

-- remove_user --
-- A link ends.
UPDATE linked_user SET removed_at = :now
WHERE campaign_id = :campaign_id AND user_ref = :user_ref AND removed_at IS NULL;

-- user --
-- One user of a campaign, linked or removed.
SELECT * FROM linked_user WHERE campaign_id = :campaign_id AND user_ref = :user_ref;

-- user_of_email --
-- The user with an email address, linked or removed.
SELECT * FROM linked_user
WHERE campaign_id = :campaign_id AND email = :email ORDER BY removed_at IS NOT NULL, id LIMIT 1;

-- users --
-- Linked users, oldest first.
SELECT * FROM linked_user
WHERE campaign_id = :campaign_id AND removed_at IS NULL ORDER BY id LIMIT :limit OFFSET :offset;

-- count_users --
-- How many users are linked.
SELECT count(*) FROM linked_user WHERE campaign_id = :campaign_id AND removed_at IS NULL;

-- add_session --
-- A link on its way.
INSERT INTO link_session
  (session_key, campaign_id, email, state, user_ref, invite_id, idempotency_key, created_at,
   expires_at, decided_at)
VALUES
  (:session_key, :campaign_id, :email, :state, :user_ref, :invite_id, :idempotency_key,
   :created_at, :expires_at, :decided_at);

-- session --
-- One link session by its key.
SELECT * FROM link_session WHERE session_key = :session_key;

-- session_of_email --
-- The newest link session of an email address.
SELECT * FROM link_session
WHERE campaign_id = :campaign_id AND email = :email ORDER BY rowid DESC LIMIT 1;

-- decide_session --
-- A pending session ends.
UPDATE link_session SET state = :state, user_ref = :user_ref, decided_at = :now
WHERE session_key = :session_key AND state = 'pending';

-- sessions_over --
-- Pending sessions whose time is over.
SELECT * FROM link_session WHERE state = 'pending' AND expires_at <= :millis
ORDER BY expires_at LIMIT 200;

-- next_expiry --
-- When the next pending session expires.
SELECT expires_at FROM link_session WHERE state = 'pending' ORDER BY expires_at LIMIT 1;

-- sessions --
-- A campaign's link sessions, newest first.
SELECT * FROM link_session WHERE campaign_id = :campaign_id ORDER BY rowid DESC LIMIT :limit;

-- sessions_of_invite --
-- The enrolments of an invite, newest first.
SELECT * FROM link_session WHERE invite_id = :invite_id
ORDER BY rowid DESC LIMIT :limit OFFSET :offset;

-- count_sessions_of_invite --
-- How many enrolments an invite has brought.
SELECT count(*) FROM link_session WHERE invite_id = :invite_id;

-- add_invite --
-- A new invite.
INSERT INTO link_invite
  (id, campaign_id, token, label, state, max_uses, uses, expires_at, created_at, updated_at)
VALUES
  (:id, :campaign_id, :token, :label, :state, :max_uses, :uses, :expires_at, :created_at,
   :updated_at);

-- invite --
-- One invite of a campaign.
SELECT * FROM link_invite WHERE campaign_id = :campaign_id AND id = :id;

-- invite_of_token --
-- The invite that a player's link names.
SELECT * FROM link_invite WHERE token = :token;

-- invites --
-- A campaign's invites, newest first.
SELECT * FROM link_invite WHERE campaign_id = :campaign_id
ORDER BY rowid DESC LIMIT :limit OFFSET :offset;

-- count_invites --
-- How many invites a campaign has.
SELECT count(*) FROM link_invite WHERE campaign_id = :campaign_id;

-- save_invite --
-- What can change about an invite.
UPDATE link_invite
SET label = :label, state = :state, max_uses = :max_uses, expires_at = :expires_at,
    updated_at = :now
WHERE id = :id;

-- use_invite --
-- One enrolment; the table's own check refuses one too many.
UPDATE link_invite SET uses = uses + 1, updated_at = :now WHERE id = :id;

-- answer --
-- The answer stored under an idempotency key, unless it is too old.
SELECT body_hash, status, body FROM answer
WHERE campaign_id = :campaign_id AND call = :call AND idempotency_key = :key
  AND stored_at > :too_old;

-- keep_answer --
-- Store an answer; a record that was too old or forgotten gives way.
INSERT OR REPLACE INTO answer
  (campaign_id, call, idempotency_key, body_hash, status, body, stored_at)
VALUES (:campaign_id, :call, :key, :body_hash, :status, :body, :stored_at);

-- drop_old_answers --
-- Answers whose retention is over.
DELETE FROM answer WHERE stored_at <= :too_old;

-- add_job --
-- Work to be done after the answer.
INSERT INTO job
  (campaign_id, kind, user_ref, event_code, amount, idempotency_key, created_at)
VALUES (:campaign_id, :kind, :user_ref, :event_code, :amount, :key, :now);

-- enqueued_jobs --
-- The oldest unfinished jobs up to a given one.
SELECT * FROM job INDEXED BY job_enqueued
WHERE state = 'enqueued' AND id <= :up_to ORDER BY id LIMIT :limit;

-- last_enqueued_job --
-- The newest unfinished job, NULL where there is none.
SELECT max(id) FROM job INDEXED BY job_enqueued WHERE state = 'enqueued';

-- promised --
-- What accepted and not yet paid events of a campaign will cost.
SELECT coalesce(sum(amount), 0) FROM job INDEXED BY job_enqueued
WHERE state = 'enqueued' AND campaign_id = :campaign_id AND kind = 'payout';

-- finish_job --
-- A job is over.
UPDATE job SET state = :state WHERE id = :job_id AND state = 'enqueued';

-- add_payout --
-- One line of the ledger.
INSERT INTO payout
  (job_id, campaign_id, user_ref, event_code, amount, idempotency_key, transaction_hash,
   created_at)
VALUES (:job_id, :campaign_id, :user_ref, :event_code, :amount, :key, :transaction_hash, :now);

-- add_failed_payout --
-- Why an accepted event was not paid.
INSERT INTO failed_payout (job_id, reason, failed_at) VALUES (:job_id, :reason, :now);

-- payouts --
-- A campaign's ledger, in the order of payment.
SELECT payout.id, idempotency_key AS key, user_ref, event_code,
  coalesce(configured_event.name, event_code) AS event_name, amount, transaction_hash, created_at
FROM payout LEFT JOIN configured_event
  ON configured_event.campaign_id = payout.campaign_id AND configured_event.code = event_code
WHERE payout.campaign_id = :campaign_id ORDER BY payout.id;

-- latest_payouts --
-- A campaign's payouts, newest first.
SELECT payout.id, idempotency_key AS key, user_ref, event_code,
  coalesce(configured_event.name, event_code) AS event_name, amount, transaction_hash, created_at
FROM payout LEFT JOIN configured_event
  ON configured_event.campaign_id = payout.campaign_id AND configured_event.code = event_code
WHERE payout.campaign_id = :campaign_id ORDER BY payout.id DESC LIMIT :limit OFFSET :offset;

-- count_payouts --
-- How many payouts a campaign has made.
SELECT count(*) FROM payout WHERE campaign_id = :campaign_id;

-- payouts_of_user --
-- One user's payouts, newest first.
SELECT payout.id, idempotency_key AS key, user_ref, event_code,
  coalesce(configured_event.name, event_code) AS event_name, amount, transaction_hash, created_at
FROM payout LEFT JOIN configured_event
  ON configured_event.campaign_id = payout.campaign_id AND configured_event.code = event_code
WHERE payout.campaign_id = :campaign_id AND user_ref = :user_ref
ORDER BY payout.id DESC LIMIT :limit OFFSET :offset;

-- count_payouts_of_user --
-- How many payouts one user has got.
SELECT count(*) FROM payout WHERE campaign_id = :campaign_id AND user_ref = :user_ref;

-- failed_payouts --
-- Accepted events that were not paid, newest first.
SELECT user_ref, event_code, amount, reason, failed_at
FROM failed_payout JOIN job ON job.id = failed_payout.job_id
WHERE campaign_id = :campaign_id ORDER BY failed_payout.job_id DESC LIMIT :limit;

-- paid_by_time --
-- Payouts in steps of so many seconds.
SELECT CAST(strftime('%s', created_at) AS INTEGER) / :step * :step AS at,
  count(*) AS n, sum(amount) AS amount
FROM payout WHERE campaign_id = :campaign_id GROUP BY 1 ORDER BY 1;

-- webhook --
-- Where a campaign's webhooks go.
SELECT * FROM webhook WHERE campaign_id = :campaign_id;

-- set_webhook --
-- Webhooks go there from now on.
INSERT INTO webhook (campaign_id, url, enabled, created_at, updated_at)
VALUES (:campaign_id, :url, :enabled, :now, :now)
ON CONFLICT (campaign_id) DO UPDATE
SET url = excluded.url, enabled = excluded.enabled, updated_at = excluded.updated_at;

-- webhook_secrets --
-- The secrets that are valid, newest first.
SELECT id, secret, created_at, valid_until FROM webhook_secret
WHERE campaign_id = :campaign_id AND (valid_until IS NULL OR valid_until > :millis)
ORDER BY id DESC;

-- webhook_secret --
-- One secret by its number.
SELECT id, secret, created_at, valid_until FROM webhook_secret WHERE id = :id;

-- end_webhook_secrets --
-- The secrets of before are valid for a while only; none is made to last longer.
UPDATE webhook_secret SET valid_until = :until
WHERE campaign_id = :campaign_id AND (valid_until IS NULL OR valid_until > :until);

-- add_webhook_secret --
-- The secret to sign with from now on.
INSERT INTO webhook_secret (campaign_id, secret, created_at)
VALUES (:campaign_id, :secret, :now);

-- add_delivery --
-- A webhook to be delivered.
INSERT INTO webhook_delivery
  (campaign_id, event, body, idempotency_key, secret_id, due_at, created_at)
VALUES (:campaign_id, :event, :body, :key, :secret_id, :due_at, :now);

-- deliveries_due --
-- The first pending delivery of each campaign whose time has come, oldest due first.
SELECT delivery.* FROM webhook JOIN webhook_delivery AS delivery ON delivery.id = (
  SELECT id FROM webhook_delivery INDEXED BY webhook_delivery_in_turn
  WHERE campaign_id = webhook.campaign_id AND state = 'pending' AND due_at <= :millis
  ORDER BY due_at, id LIMIT 1
)
ORDER BY delivery.due_at, delivery.id LIMIT :limit;

-- next_delivery --
-- When the next pending delivery that isn't due yet will be.
SELECT min(due_at) FROM webhook_delivery INDEXED BY webhook_delivery_due
WHERE state = 'pending' AND due_at > :millis;

-- delivery --
-- One delivery of a campaign.
SELECT * FROM webhook_delivery WHERE campaign_id = :campaign_id AND id = :id;

-- deliveries --
-- A campaign's deliveries, newest first.
SELECT * FROM webhook_delivery WHERE campaign_id = :campaign_id
ORDER BY id DESC LIMIT :limit OFFSET :offset;

-- count_deliveries --
-- How many webhooks a campaign has had.
SELECT count(*) FROM webhook_delivery WHERE campaign_id = :campaign_id;

-- settle_delivery --
-- What became of one attempt; a resend that was asked for during it stands.
UPDATE webhook_delivery
SET state = CASE resends WHEN :resends THEN :state ELSE 'pending' END,
    due_at = CASE resends WHEN :resends THEN :due_at ELSE due_at END,
    attempts = :attempts, secret_id = :secret_id
WHERE id = :id;

-- delivery_again --
-- A delivery is made again.
UPDATE webhook_delivery SET state = 'pending', due_at = :due_at, resends = resends + 1
WHERE campaign_id = :campaign_id AND id = :id;

-- add_attempt --
-- One line of the delivery log; written again where it is unknown whether it was stored.
INSERT OR REPLACE INTO webhook_attempt (delivery_id, number, at, url, signature, status, answer, seconds)
VALUES (:delivery_id, :number, :at, :url, :signature, :status, :answer, :seconds);

-- attempts --
-- A delivery's attempts, oldest first.
SELECT number, at, url, signature, status, answer, seconds FROM webhook_attempt
WHERE delivery_id = :delivery_id ORDER BY number;
