-- get: one setting of a tenant
SELECT value FROM setting WHERE tenant = ? AND name = ?;
-- put: insert or replace
INSERT INTO setting (tenant, name, value, modified, modifier) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (tenant, name) DO UPDATE SET value = excluded.value, modified = excluded.modified, modifier = excluded.modifier;
