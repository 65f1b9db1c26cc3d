-- find: rid of an id
SELECT rid FROM object WHERE tenant = ? AND kind = ? AND id = ?;
-- get: what the document on the wire is made of
SELECT o.rid, o.head, s.modified, s.md FROM object o JOIN state s ON s.rid = o.rid
WHERE o.tenant = ? AND o.kind = ? AND o.id = ?;
-- by_rid: the same by number
SELECT o.rid, o.head, s.modified, s.md FROM object o JOIN state s ON s.rid = o.rid WHERE o.rid = ?;
-- by_rids: the same for a JSON list of numbers, in the list's order
SELECT o.rid, o.head, s.modified, s.md FROM json_each(?) w
CROSS JOIN object o ON o.rid = w.value CROSS JOIN state s ON s.rid = o.rid ORDER BY w.key;
-- by_ids: the same for a JSON list of ids, with the id
SELECT o.id, o.rid, o.head, s.modified, s.md FROM json_each(?3) w
CROSS JOIN object o ON o.tenant = ?1 AND o.kind = ?2 AND o.id = w.value CROSS JOIN state s ON s.rid = o.rid
ORDER BY w.key;
-- rids_of: ids of a JSON list that exist, with their numbers
SELECT o.id, o.rid FROM json_each(?3) w CROSS JOIN object o ON o.tenant = ?1 AND o.kind = ?2 AND o.id = w.value;
-- ids_of: numbers of a JSON list to ids
SELECT o.rid, o.id FROM json_each(?) w CROSS JOIN object o ON o.rid = w.value;
-- search_docs: what search documents are made of, for a JSON list of numbers
SELECT d.rid, d.face, d.refs, s.modified FROM json_each(?) w
CROSS JOIN search_doc d ON d.rid = w.value CROSS JOIN state s ON s.rid = d.rid ORDER BY w.key;
-- faces: the roots alone, with the number, for a JSON list of numbers
SELECT d.rid, CAST(d.face AS BLOB) FROM json_each(?) w CROSS JOIN search_doc d ON d.rid = w.value;
-- documents: search documents as bytes, for a JSON list of numbers and in its order, which is that of the outer loop
SELECT CAST(
    iif(?2,
        coalesce(
            r.text,
            (SELECT m.text FROM document_made m WHERE m.rid = s.rid),
            (SELECT d.face FROM search_doc d WHERE d.rid = s.rid)
        ),
        (SELECT iif(s.kind <> ?3 OR d.refs = '{}', d.face, (
            SELECT substr(j, 1, length(j) - 1) FROM (SELECT json_patch(d.face || '}', ?4) AS j)
        )) FROM search_doc d WHERE d.rid = s.rid)
    )
    || replace(',"modified":"@","synced":"@"}', '@', strftime('%Y-%m-%dT%H:%M:%fZ', s.modified / 1000.0, 'unixepoch'))
AS BLOB) AS text
FROM json_each(?1) w CROSS JOIN state s ON s.rid = w.value LEFT JOIN document r ON ?2 AND r.rid = s.rid AND (
    NOT EXISTS (SELECT 1 FROM outdated)
    OR NOT EXISTS (
        SELECT 1 FROM search_doc d CROSS JOIN json_each(d.refs) p CROSS JOIN json_each(p.value) j
        CROSS JOIN outdated o ON o.rid = j.value WHERE d.rid = s.rid
    )
);
-- ready_documents: the same as text, with nested arrays, for a carray of numbers; only while nothing is outdated
SELECT coalesce(r.text, (SELECT d.face FROM search_doc d WHERE d.rid = s.rid))
    || replace(',"modified":"@","synced":"@"}', '@', strftime('%Y-%m-%dT%H:%M:%fZ', s.modified / 1000.0, 'unixepoch'))
AS text
FROM carray(?) w CROSS JOIN state s ON s.rid = w.value LEFT JOIN document r ON r.rid = s.rid;
-- outdated: what is shown otherwise than in the documents that hold it, with the last of them that was made anew
SELECT rid, cursor FROM outdated ORDER BY rid LIMIT ?;
-- holders_after: some of the objects that hold a target in an array of a JSON list of fields
SELECT DISTINCT l.rid FROM json_each(?2) f CROSS JOIN link l
ON l.tenant = ?1 AND l.field = f.value AND l.target = ?3 AND l.rid > ?4 ORDER BY l.rid LIMIT ?5;
-- renew_documents: make the documents of a JSON list of numbers anew
INSERT INTO document (rid, text)
SELECT m.rid, m.text FROM json_each(?) w CROSS JOIN document_made m ON m.rid = w.value WHERE true
ON CONFLICT (rid) DO UPDATE SET text = excluded.text;
-- renewed_until: the last document that was made anew because of an element
UPDATE outdated SET cursor = ? WHERE rid = ?;
-- renewed: all of them
DELETE FROM outdated WHERE rid = ?;
-- elements: what elements of nested arrays show of the objects of a JSON list of numbers, as bytes
SELECT e.rid, CAST(e.text AS BLOB) FROM json_each(?) w CROSS JOIN element e ON e.rid = w.value;
-- pairs_of: metadata of a JSON list of numbers
SELECT s.rid, s.md FROM json_each(?) w CROSS JOIN state s ON s.rid = w.value ORDER BY w.key;
-- add: a new object
INSERT INTO object (rid, tenant, kind, id, head) VALUES (?, ?, ?, ?, ?);
-- add_state: its narrow row
INSERT INTO state (rid, tenant, kind, modified, md) VALUES (?, ?, ?, ?, ?);
-- add_search_doc: its search document
INSERT INTO search_doc (rid, tenant, face, refs) VALUES (?, ?, ?, ?);
-- set_head: a changed document
UPDATE object SET head = ? WHERE rid = ?;
-- set_state: changed state
UPDATE state SET modified = ?, md = ? WHERE rid = ?;
-- set_search_doc: a changed search document
UPDATE search_doc SET face = ?, refs = ? WHERE rid = ?;
-- set_face: the same, where it links to what it did
UPDATE search_doc SET face = ? WHERE rid = ?;
-- set_refs: it links to something else
UPDATE search_doc SET refs = ? WHERE rid = ?;
-- drop: delete an object
DELETE FROM object WHERE rid = ?;
-- drop_state: and its narrow row
DELETE FROM state WHERE rid = ?;
-- drop_search_doc: and its search document
DELETE FROM search_doc WHERE rid = ?;
-- last_rid: the highest number of a kind
SELECT max(rid) FROM object WHERE rid BETWEEN ? AND ?;
-- count: how many objects of a kind
SELECT count(*) FROM state WHERE tenant = ? AND kind = ?;
-- name_taken: another object of the kind with that folded name
SELECT rid FROM val WHERE tenant = ? AND field = ? AND value = ? LIMIT 1;
-- holders: who has a target of a JSON list in a nested array
SELECT l.target, l.rid FROM json_each(?3) w
CROSS JOIN link l ON l.tenant = ?1 AND l.field = ?2 AND l.target = w.value ORDER BY w.key, l.rid;
-- mentioning: objects of a kind in whose document a text stands somewhere
SELECT rid, head FROM object WHERE tenant = ? AND kind = ? AND instr(head, ?) > 0;
-- unindexed_arrays: identities in whose document a filled array stands that no link leads to
SELECT o.rid FROM object o CROSS JOIN search_doc d ON d.rid = o.rid
WHERE o.tenant = ? AND o.kind = ? AND d.refs = '{}'
AND (instr(o.head, '"accounts":[{') > 0 OR instr(o.head, '"access":[{') > 0 OR instr(o.head, '"apps":[{') > 0);
-- spelling: objects of a kind in whose document two texts stand, and a third or, in lower case, one of two others
SELECT rid, head FROM object WHERE tenant = ?1 AND kind = ?2 AND instr(head, ?3) > 0 AND instr(head, ?4) > 0
AND (instr(head, ?5) > 0 OR instr(lower(head), ?6) > 0 OR instr(lower(head), ?7) > 0);
-- with_value: objects that have one of a JSON list of whole values in a field (its number), with the value
SELECT w.value, v.rid FROM json_each(?3) w CROSS JOIN val v ON v.tenant = ?1 AND v.field = ?2 AND v.value = w.value;
-- raw_by_rid: what the answer to GET is made of, the document as bytes
SELECT CAST(o.head AS BLOB), s.modified, s.md FROM object o JOIN state s ON s.rid = o.rid WHERE o.rid = ?;
-- raw: the same by id, with the number
SELECT CAST(o.head AS BLOB), s.modified, s.md, o.rid FROM object o JOIN state s ON s.rid = o.rid
WHERE o.tenant = ? AND o.kind = ? AND o.id = ?;
-- raw_by_rids: the same for a JSON list of numbers, in the list's order
SELECT CAST(o.head AS BLOB), s.modified, s.md FROM json_each(?) w
CROSS JOIN object o ON o.rid = w.value CROSS JOIN state s ON s.rid = o.rid ORDER BY w.key;
