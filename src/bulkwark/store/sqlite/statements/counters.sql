-- add: raise a counter and read it
INSERT INTO counter (tenant, name, value) VALUES (?1, ?2, ?3)
ON CONFLICT (tenant, name) DO UPDATE SET value = value + ?3 RETURNING value;
-- current: its value
SELECT value FROM counter WHERE tenant = ? AND name = ?;
