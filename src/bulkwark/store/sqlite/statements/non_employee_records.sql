-- by_rids: records of a JSON list of numbers, in the list's order
SELECT r.rid, r.source, r.account, r.first, r.last, r.email, r.phone, r.manager, r.starts, r.ends, r.data,
       r.phase, r.due, r.created, r.modified
FROM json_each(?) w CROSS JOIN ne_record r ON r.rid = w.value ORDER BY w.key;
-- by_keys: records of a source with the account names of a JSON list, folded
SELECT r.key, r.rid, r.source, r.account, r.first, r.last, r.email, r.phone, r.manager, r.starts, r.ends, r.data,
       r.phase, r.due, r.created, r.modified
FROM json_each(?3) w CROSS JOIN ne_record r ON r.tenant = ?1 AND r.source = ?2 AND r.key = w.value;
-- after: the next records of a source by account name, with the name of each
SELECT key, account, first, last, email, phone, manager, starts, ends, data FROM ne_record
WHERE tenant = ? AND source = ? AND key > ? ORDER BY key LIMIT ?;
-- some: any records of a source
SELECT rid FROM ne_record WHERE tenant = ? AND source = ? LIMIT ?;
-- holding: records of a source that have a custom attribute (a JSON path)
SELECT rid FROM ne_record WHERE tenant = ? AND source = ? AND json_type(data, ?) IS NOT NULL LIMIT ?;
-- count: how many a source has
SELECT count(*) FROM ne_record WHERE tenant = ? AND source = ?;
-- add: a new record
INSERT INTO ne_record (rid, tenant, source, key, account, first, last, email, phone, manager, starts, ends, data,
                       phase, due, created, modified)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);
-- change: other values
UPDATE ne_record SET key = ?, account = ?, first = ?, last = ?, email = ?, phone = ?, manager = ?, starts = ?, ends = ?,
                     data = ?, phase = ?, due = ?, modified = ?
WHERE rid = ?;
-- move: the life cycle goes on
UPDATE ne_record SET phase = ?, due = ? WHERE rid = ?;
-- drop: deleted
DELETE FROM ne_record WHERE rid = ?;
-- due: records whose life cycle must move, of all tenants, the longest waiting first
SELECT rid FROM ne_record WHERE due <= ? ORDER BY due LIMIT ?;
-- expiring: records of the sources of a JSON list that end before a moment and have not ended
SELECT rid FROM ne_record INDEXED BY ne_record_due
WHERE due <= ?1 AND tenant = ?2 AND phase < 3 AND ends <= ?1 AND source IN (SELECT value FROM json_each(?3))
ORDER BY ends, rid LIMIT ?4 OFFSET ?5;
-- count_expiring: how many
SELECT count(*) FROM ne_record INDEXED BY ne_record_due
WHERE due <= ?1 AND tenant = ?2 AND phase < 3 AND ends <= ?1 AND source IN (SELECT value FROM json_each(?3));
-- has_part: identities of a JSON list that approve for a source or manage its accounts, or have still to decide
SELECT w.value FROM json_each(?2) w
WHERE w.value IN (
    SELECT p.value FROM ne_source s CROSS JOIN json_each(s.approvers) p WHERE s.tenant = ?1
    UNION SELECT p.value FROM ne_source s CROSS JOIN json_each(s.managers) p WHERE s.tenant = ?1
) OR EXISTS (
    SELECT 1 FROM ne_approval a
    WHERE a.tenant = ?1 AND a.approver = w.value AND a.status IN ('NOT_READY', 'PENDING')
);
-- has_credential: identities of a JSON list that own a token or a client
SELECT DISTINCT identity FROM credential WHERE tenant = ?1 AND identity IN (SELECT value FROM json_each(?2));
