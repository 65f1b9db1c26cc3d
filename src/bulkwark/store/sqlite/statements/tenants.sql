-- by_name: a tenant
SELECT tenant, name, id FROM tenant WHERE name = ?;
-- by_number: a tenant
SELECT tenant, name, id FROM tenant WHERE tenant = ?;
-- all: every tenant
SELECT tenant, name, id FROM tenant ORDER BY tenant;
-- add: a tenant
INSERT INTO tenant (tenant, name, id, created) VALUES (?, ?, ?, ?);
