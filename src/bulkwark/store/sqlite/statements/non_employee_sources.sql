-- all: every non-employee source of a tenant with its SOURCE object, the oldest first
SELECT n.source, n.id, n.rid, n.approvers, n.managers, n.workgroup, n.created, n.modified, o.head
FROM ne_source n JOIN object o ON o.rid = n.rid WHERE n.tenant = ? ORDER BY n.source;
-- by_id: one of them by its own id, or by that of the SOURCE object
SELECT n.source, n.id, n.rid, n.approvers, n.managers, n.workgroup, n.created, n.modified, o.head
FROM ne_source n JOIN object o ON o.rid = n.rid
WHERE n.tenant = ?1 AND (n.id = ?2 OR n.rid = (SELECT rid FROM object WHERE tenant = ?1 AND kind = 5 AND id = ?3))
ORDER BY n.id <> ?2 LIMIT 1;
-- by_number: one by its number
SELECT n.source, n.id, n.rid, n.approvers, n.managers, n.workgroup, n.created, n.modified, o.head
FROM ne_source n JOIN object o ON o.rid = n.rid WHERE n.tenant = ? AND n.source = ?;
-- on: the non-employee source that stands on a SOURCE object
SELECT id FROM ne_source WHERE tenant = ? AND rid = ?;
-- add: a new one
INSERT INTO ne_source (tenant, source, id, rid, approvers, managers, workgroup, created, modified)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?);
-- change: who decides, and who manages
UPDATE ne_source SET approvers = ?, managers = ?, modified = ? WHERE tenant = ? AND source = ?;
-- drop: it is deleted
DELETE FROM ne_source WHERE tenant = ? AND source = ?;
-- attributes: the schema
SELECT attribute, id, system, type, name, label, help, hint, required, created, modified
FROM ne_attribute WHERE tenant = ? AND source = ? ORDER BY attribute;
-- add_attribute: a column
INSERT INTO ne_attribute
    (tenant, source, attribute, id, system, type, name, label, help, hint, required, created, modified)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);
-- change_attribute: what may be changed of a column
UPDATE ne_attribute SET label = ?, help = ?, hint = ?, required = ?, modified = ?
WHERE tenant = ? AND source = ? AND attribute = ?;
-- drop_attribute: a column goes
DELETE FROM ne_attribute WHERE tenant = ? AND source = ? AND attribute = ?;
-- drop_attributes: the whole schema
DELETE FROM ne_attribute WHERE tenant = ? AND source = ?;
