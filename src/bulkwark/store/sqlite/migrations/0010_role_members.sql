-- Whom enabled roles name. Which of 100,000 roles name one identity is read from here in 0.1 s instead of from their
-- documents in 1 s; equal memberships lie together, so each is judged once.
CREATE INDEX object_membership ON object (tenant, kind, json_extract(head || '}', '$.membership'))
WHERE instr(head, '"membership":{') > 0 AND json_extract(head || '}', '$.enabled');
