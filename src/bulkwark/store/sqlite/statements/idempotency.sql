-- get: what was answered under a key
SELECT fingerprint, status, headers, body FROM idempotency WHERE tenant = ? AND client = ? AND key = ?;
-- put: remember an answer, unless the key is taken
INSERT OR IGNORE INTO idempotency (tenant, client, key, fingerprint, status, headers, body, created)
VALUES (?, ?, ?, ?, ?, ?, ?, ?);
-- has_old: whether there is one from before a moment
SELECT 1 FROM idempotency WHERE created < ? LIMIT 1;
-- drop_old: some of them
DELETE FROM idempotency WHERE (tenant, client, key) IN (
    SELECT tenant, client, key FROM idempotency WHERE created < ? ORDER BY created LIMIT ?
);
