-- Whom enabled roles name. Which of 20,000 roles name one identity is read from here in 14 to 30 ms instead of from
-- their documents in 120 to 160; equal memberships lie together, so each is judged once.
CREATE INDEX object_membership ON object (tenant, kind, json_extract(head || '}', '$.membership'))
WHERE instr(head, '"membership":{') > 0 AND json_extract(head || '}', '$.enabled');
