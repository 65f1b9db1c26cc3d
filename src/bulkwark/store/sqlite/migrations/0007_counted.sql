-- What single terms count stands in the dictionary: every object of a kind, each boolean, and how many objects have
-- several different values in a field of dates or numbers (store/entries.py: EVERY, boolean, SEVERAL).
INSERT OR REPLACE INTO vocab (tenant, field, term, df)
SELECT f.tenant, f.field, '', (SELECT count(*) FROM state s WHERE s.tenant = f.tenant AND s.kind = f.kind) AS many
FROM field f WHERE f.path = '' AND many > 0;

INSERT OR REPLACE INTO vocab (tenant, field, term, df)
SELECT f.tenant, f.field, w.value,
       (SELECT count(*) FROM fts WHERE fts MATCH '"' || f.field || '=' || w.value || '"') AS many
FROM field f CROSS JOIN json_each('["true", "false"]') w
WHERE (f.kind, f.path) IN (
    VALUES (1, 'enabled'), (1, 'requestable'), (1, 'requestCommentsRequired'), (1, 'dimensional'),
           (2, 'enabled'), (2, 'requestable'), (2, 'requestCommentsRequired'),
           (3, 'requestable'), (3, 'cloudGoverned'), (3, 'privileged'), (3, 'containsDataAccess'),
           (4, 'inactive'), (4, 'protected'), (4, 'correlated'), (4, 'disabled'), (4, 'locked'), (4, 'isManager'),
           (5, 'authoritative'), (5, 'healthy')
) AND many > 0;

INSERT OR REPLACE INTO vocab (tenant, field, term, df)
SELECT tenant, field, '+', count(*) FROM (
    SELECT v.tenant, v.field FROM field f CROSS JOIN val v ON v.tenant = f.tenant AND v.field = f.field
    WHERE (f.kind, f.path) IN (
        VALUES (1, 'created'), (1, 'modified'), (1, 'synced'), (1, 'accessProfileCount'), (1, 'entitlementCount'),
               (1, 'segmentCount'), (1, 'dimensionSchemaAttributeCount'),
               (2, 'created'), (2, 'modified'), (2, 'synced'), (2, 'entitlementCount'), (2, 'segmentCount'),
               (3, 'created'), (3, 'modified'), (3, 'synced'), (3, 'segmentCount'),
               (4, 'created'), (4, 'modified'), (4, 'synced'), (4, 'accountCount'), (4, 'appCount'),
               (4, 'accessCount'), (4, 'entitlementCount'), (4, 'roleCount'), (4, 'accessProfileCount'),
               (4, 'ownsCount'), (4, 'tagsCount'), (4, 'tagCount'), (4, 'visibleSegmentCount'),
               (5, 'created'), (5, 'modified'), (5, 'synced'),
               (6, 'created'), (6, 'modified'), (6, 'synced'),
               (7, 'created'), (7, 'synced')
    )
    GROUP BY v.tenant, v.field, v.rid HAVING count(*) > 1
) GROUP BY tenant, field;

-- What an element of a nested array shows of the object it stands for (BaseEntitlement, BaseAccessProfile), so that pages
-- of search documents are joined inside SQLite. Triggers keep it, whoever writes the search document.
CREATE TABLE element (
    rid    INTEGER PRIMARY KEY,
    tenant INTEGER NOT NULL,
    text   TEXT NOT NULL                -- JSON
) STRICT;

CREATE VIEW element_shown AS
SELECT rid, tenant, CASE (rid >> 29) & 31
    WHEN 2 THEN '{' || substr(
        coalesce(',"id":' || (face || '}' -> '$.id'), '')
        || coalesce(',"name":' || (face || '}' -> '$.name'), ''), 2) || '}'
    ELSE '{"hasPermissions":false'
        || coalesce(',"id":' || (face || '}' -> '$.id'), '')
        || coalesce(',"name":' || (face || '}' -> '$.name'), '')
        || coalesce(',"description":' || (face || '}' -> '$.description'), '')
        || coalesce(',"attribute":' || (face || '}' -> '$.attribute'), '')
        || coalesce(',"value":' || (face || '}' -> '$.value'), '')
        || coalesce(',"schema":' || (face || '}' -> '$.schema'), '')
        || coalesce(',"privileged":' || (face || '}' -> '$.privileged'), '')
        || coalesce(',"sourceSchemaObjectType":' || (face || '}' -> '$.sourceSchemaObjectType'), '')
        || coalesce(',"source":' || (face || '}' -> '$.source'), '') || '}'
    END AS text
FROM search_doc WHERE (rid >> 29) & 31 IN (2, 3);

INSERT INTO element (rid, tenant, text) SELECT rid, tenant, text FROM element_shown;

CREATE TRIGGER element_comes AFTER INSERT ON search_doc WHEN (NEW.rid >> 29) & 31 IN (2, 3) BEGIN
    INSERT INTO element (rid, tenant, text) SELECT rid, tenant, text FROM element_shown WHERE rid = NEW.rid;
END;
CREATE TRIGGER element_changes AFTER UPDATE OF face ON search_doc WHEN (NEW.rid >> 29) & 31 IN (2, 3) BEGIN
    UPDATE element SET text = (SELECT text FROM element_shown WHERE rid = NEW.rid) WHERE rid = NEW.rid;
END;
CREATE TRIGGER element_goes AFTER DELETE ON search_doc WHEN (OLD.rid >> 29) & 31 IN (2, 3) BEGIN
    DELETE FROM element WHERE rid = OLD.rid;
END;
