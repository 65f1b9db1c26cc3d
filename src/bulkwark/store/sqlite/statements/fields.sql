-- all: every field number of a tenant
SELECT kind, path, field FROM field WHERE tenant = ?;
-- find: the number of one field
SELECT field FROM field WHERE tenant = ? AND kind = ? AND path = ?;
-- add: a field and its number
INSERT INTO field (tenant, kind, path, field) VALUES (?, ?, ?, ?);
