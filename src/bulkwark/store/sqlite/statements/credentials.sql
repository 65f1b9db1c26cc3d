-- add: a credential
INSERT INTO credential (tenant, id, type, identity, name, levels, secret, enabled, expires, doc, created, modified)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);
-- get: a credential of one tenant
SELECT tenant, id, type, identity, levels, secret, doc, created, modified, used
FROM credential WHERE tenant = ? AND id = ?;
-- find: a credential by its client id alone, which is unique over all tenants
SELECT tenant, id, type, identity, levels, secret, doc, created, modified, used FROM credential WHERE id = ?;
-- listed: all of a type, oldest first
SELECT tenant, id, type, identity, levels, secret, doc, created, modified, used
FROM credential WHERE tenant = ? AND type = ? ORDER BY created, id;
-- named: a personal access token's id by its owner and name
SELECT id FROM credential WHERE tenant = ? AND identity = ? AND name = ? AND type = 'pat';
-- alive: what decides whether tokens of a client id are still good
SELECT tenant, enabled, expires FROM credential WHERE id = ?;
-- change: its document and what the columns repeat of it
UPDATE credential SET name = ?3, enabled = ?4, expires = ?5, doc = ?6, modified = ?7 WHERE tenant = ?1 AND id = ?2;
-- use: note that a token was taken, unless that was noted after the moment ?4
UPDATE credential SET used = ?3 WHERE tenant = ?1 AND id = ?2 AND (used IS NULL OR used <= ?4);
-- drop: delete a credential
DELETE FROM credential WHERE tenant = ? AND id = ?;
-- add_key: a signing key
INSERT INTO signing_key (tenant, kid, jwk, created) VALUES (?, ?, ?, ?);
-- keys: all signing keys of a tenant, newest first
SELECT kid, jwk FROM signing_key WHERE tenant = ? ORDER BY created DESC, kid;
-- key: one signing key
SELECT jwk FROM signing_key WHERE tenant = ? AND kid = ?;
