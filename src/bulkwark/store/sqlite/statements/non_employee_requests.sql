-- by_id: one request
SELECT request, id, source, requester, account, first, last, email, phone, manager, starts, ends, data,
       status, comment, completed, created, modified
FROM ne_request WHERE tenant = ? AND id = ?;
-- by_numbers: requests of a JSON list of numbers, in the list's order
SELECT r.request, r.id, r.source, r.requester, r.account, r.first, r.last, r.email, r.phone, r.manager, r.starts, r.ends,
       r.data, r.status, r.comment, r.completed, r.created, r.modified
FROM json_each(?2) w CROSS JOIN ne_request r ON r.tenant = ?1 AND r.request = w.value ORDER BY w.key;
-- add: a new one
INSERT INTO ne_request (tenant, request, id, source, requester, key, account, first, last, email, phone, manager, starts, ends,
                        data, status, comment, completed, created, modified)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);
-- pending_for: whether one for a folded account name waits
SELECT 1 FROM ne_request WHERE tenant = ? AND source = ? AND key = ? AND status = 'PENDING' LIMIT 1;
-- decide: it has moved; only from PENDING
UPDATE ne_request SET status = ?, completed = ?, modified = ? WHERE tenant = ? AND request = ? AND status = 'PENDING';
-- drop: deleted
DELETE FROM ne_request WHERE tenant = ? AND request = ?;
-- drop_of_source: all of a source
DELETE FROM ne_request INDEXED BY ne_request_source WHERE tenant = ? AND source = ?;
-- summary: how many of each status, on the sources of a JSON list or made by an identity
SELECT status, count(*) FROM ne_request
WHERE tenant = ?1 AND (source IN (SELECT value FROM json_each(?2)) OR requester = ?3) GROUP BY status;
-- approvals: of one request, in order
SELECT approval, id, request, position, approver, status, comment, created, modified
FROM ne_approval WHERE tenant = ? AND request = ? ORDER BY position;
-- approvals_of: of the requests of a JSON list of numbers
SELECT a.approval, a.id, a.request, a.position, a.approver, a.status, a.comment, a.created, a.modified
FROM json_each(?2) w CROSS JOIN ne_approval a INDEXED BY ne_approval_request ON a.tenant = ?1 AND a.request = w.value ORDER BY w.key, a.position;
-- approval: one by its id
SELECT approval, id, request, position, approver, status, comment, created, modified
FROM ne_approval WHERE tenant = ? AND id = ?;
-- approvals_by_numbers: of a JSON list of numbers, in the list's order
SELECT a.approval, a.id, a.request, a.position, a.approver, a.status, a.comment, a.created, a.modified
FROM json_each(?2) w CROSS JOIN ne_approval a ON a.tenant = ?1 AND a.approval = w.value ORDER BY w.key;
-- add_approval: a new one
INSERT INTO ne_approval (tenant, approval, id, request, position, approver, status, comment, created, modified)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?);
-- set_approval: it has moved
UPDATE ne_approval SET status = ?, comment = ?, modified = ? WHERE tenant = ? AND approval = ?;
-- drop_approvals: of one request
DELETE FROM ne_approval INDEXED BY ne_approval_request WHERE tenant = ? AND request = ?;
-- drop_approvals_of_source: of all requests of a source
DELETE FROM ne_approval INDEXED BY ne_approval_request WHERE tenant = ?1
AND request IN (SELECT request FROM ne_request WHERE tenant = ?1 AND source = ?2);
-- approval_summary: how many of each status an approver has
SELECT status, count(*) FROM ne_approval WHERE tenant = ? AND approver = ? GROUP BY status;
