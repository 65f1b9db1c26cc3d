-- Search documents with nested arrays as they are sent, without `modified`, `synced` and the closing brace: a page of
-- 10,000 reads one row for each instead of everything that their arrays show.
CREATE TABLE document (
    rid  INTEGER PRIMARY KEY,
    text TEXT NOT NULL
) STRICT;

-- What is shown otherwise than in the documents that hold it: `cursor` is the last of them that was made anew.
-- A document that shows one of these is joined as it is read.
CREATE TABLE outdated (
    rid    INTEGER PRIMARY KEY,
    cursor INTEGER NOT NULL DEFAULT 0
) STRICT;

-- How a document is made. Identities (kind 4) have their arrays in the face.
CREATE VIEW document_made AS
SELECT d.rid, d.face || (
    SELECT group_concat(',"' || p.key || '":[' || coalesce((
        SELECT group_concat(e.text) FROM json_each(p.value) j CROSS JOIN element e ON e.rid = j.value
    ), '') || ']', '') FROM json_each(d.refs) p
) AS text
FROM search_doc d WHERE d.refs <> '{}' AND (d.rid >> 29) & 31 <> 4;

INSERT INTO document (rid, text) SELECT rid, text FROM document_made;

CREATE TRIGGER document_comes AFTER INSERT ON search_doc WHEN NEW.refs <> '{}' AND (NEW.rid >> 29) & 31 <> 4 BEGIN
    INSERT INTO document (rid, text) SELECT rid, text FROM document_made WHERE rid = NEW.rid;
END;
CREATE TRIGGER document_changes AFTER UPDATE OF face, refs ON search_doc
WHEN (NEW.refs <> '{}' OR OLD.refs <> '{}') AND (NEW.rid >> 29) & 31 <> 4 BEGIN
    DELETE FROM document WHERE rid = NEW.rid AND NEW.refs = '{}';
    INSERT INTO document (rid, text) SELECT rid, text FROM document_made WHERE rid = NEW.rid
    ON CONFLICT (rid) DO UPDATE SET text = excluded.text;
END;
CREATE TRIGGER document_goes AFTER DELETE ON search_doc WHEN OLD.refs <> '{}' AND (OLD.rid >> 29) & 31 <> 4 BEGIN
    DELETE FROM document WHERE rid = OLD.rid;
END;

CREATE TRIGGER outdated_by_change AFTER UPDATE OF text ON element WHEN NEW.text <> OLD.text BEGIN
    INSERT INTO outdated (rid) VALUES (NEW.rid) ON CONFLICT (rid) DO UPDATE SET cursor = 0;
END;
CREATE TRIGGER outdated_by_delete AFTER DELETE ON element BEGIN
    INSERT INTO outdated (rid) VALUES (OLD.rid) ON CONFLICT (rid) DO UPDATE SET cursor = 0;
END;
