-- add_campaign --
-- A new campaign, without funds.
INSERT INTO campaign (id, name, environment, status, api_key_hash, created_at, updated_at)
VALUES (:id, :name, :environment, :status, :api_key_hash, :now, :now);

-- campaign --
-- One campaign by its id.
SELECT * FROM campaign WHERE id = ?;

-- campaign_of_key --
-- The campaign that an API key was made for.
SELECT * FROM campaign WHERE api_key_hash = ?;

-- campaigns --
-- All campaigns, oldest first.
SELECT * FROM campaign ORDER BY rowid;

-- set_status --
-- The visible status of a campaign.
UPDATE campaign SET status = :status, updated_at = :now WHERE id = :campaign_id;

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

-- add_event --
-- One event of a campaign's catalogue.
INSERT INTO configured_event (campaign_id, position, code, name, payout_amount)
VALUES (:campaign_id, :position, :code, :name, :payout_amount);

-- events --
-- A campaign's catalogue, in the order it was given.
SELECT code, name, payout_amount FROM configured_event WHERE campaign_id = ? ORDER BY position;

-- payout_amount --
-- What one event of a campaign pays.
SELECT payout_amount FROM configured_event WHERE campaign_id = ? AND code = ?;

-- link_user --
-- A user who may be paid; one that is known stays as it is.
INSERT INTO linked_user (campaign_id, user_ref, email, linked_at)
VALUES (:campaign_id, :user_ref, :email, :now)
ON CONFLICT DO NOTHING;

-- user --
-- One linked user of a campaign.
SELECT user_ref, email, linked_at FROM linked_user WHERE campaign_id = ? AND user_ref = ?;

-- user_of_email --
-- The linked user with an email address.
SELECT user_ref, email, linked_at FROM linked_user
WHERE campaign_id = ? AND email = ? ORDER BY linked_at LIMIT 1;

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
DELETE FROM answer WHERE stored_at <= ?;

-- add_job --
-- Work to be done after the answer.
INSERT INTO job
  (campaign_id, kind, user_ref, event_code, amount, idempotency_key, created_at)
VALUES (:campaign_id, :kind, :user_ref, :event_code, :amount, :key, :now);

-- enqueued_jobs --
-- The oldest unfinished jobs up to a given one.
SELECT * FROM job INDEXED BY job_enqueued
WHERE state = 'enqueued' AND id <= ? ORDER BY id LIMIT ?;

-- last_enqueued_job --
-- The newest unfinished job, NULL where there is none.
SELECT max(id) FROM job INDEXED BY job_enqueued WHERE state = 'enqueued';

-- promised --
-- What accepted and not yet paid events of a campaign will cost.
SELECT coalesce(sum(amount), 0) FROM job INDEXED BY job_enqueued
WHERE state = 'enqueued' AND campaign_id = ? AND kind = 'payout';

-- finish_job --
-- A job is over.
UPDATE job SET state = :state WHERE id = :job_id AND state = 'enqueued';

-- add_payout --
-- One line of the ledger.
INSERT INTO payout
  (job_id, campaign_id, user_ref, event_code, amount, idempotency_key, created_at)
VALUES (:job_id, :campaign_id, :user_ref, :event_code, :amount, :key, :now);

-- add_failed_payout --
-- Why an accepted event was not paid.
INSERT INTO failed_payout (job_id, reason, failed_at) VALUES (:job_id, :reason, :now);

-- payouts --
-- A campaign's ledger, in the order of payment.
SELECT idempotency_key, user_ref, event_code, amount, created_at FROM payout
WHERE campaign_id = ? ORDER BY id;
