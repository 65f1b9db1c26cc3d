-- get: of one entitlement
SELECT config FROM request_config WHERE tenant = ? AND rid = ?;
-- put: insert or replace
INSERT INTO request_config (tenant, rid, config) VALUES (?1, ?2, ?3)
ON CONFLICT (tenant, rid) DO UPDATE SET config = ?3;
-- drop: with its entitlement
DELETE FROM request_config WHERE tenant = ? AND rid = ?;
