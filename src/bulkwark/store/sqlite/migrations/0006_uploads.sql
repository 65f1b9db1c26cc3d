-- Uploads of CSV files to non-employee sources. The file lies beside the database; its job, of the same id, is submitted
-- when a loader process has read it.
CREATE TABLE ne_upload (
    tenant    INTEGER NOT NULL,
    upload    INTEGER NOT NULL,
    id        TEXT NOT NULL,            -- UUID; of the job too
    source    INTEGER NOT NULL,
    client    TEXT NOT NULL,            -- client id of the submitter
    submitter TEXT NOT NULL,
    created   INTEGER NOT NULL,         -- µs
    modified  INTEGER NOT NULL,         -- ms
    state     TEXT NOT NULL,            -- WAITING, READING, APPLYING, ENDED
    tries     INTEGER NOT NULL DEFAULT 0,   -- how often a loader has begun to read it
    lines     INTEGER NOT NULL,         -- rows that are not blank
    header    TEXT NOT NULL,            -- JSON: the titles of its columns
    spec      TEXT NOT NULL,            -- JSON: how to read and apply it
    error     TEXT,                     -- why it could not be read
    PRIMARY KEY (tenant, upload),
    UNIQUE (tenant, id)
) WITHOUT ROWID, STRICT;
CREATE INDEX ne_upload_source ON ne_upload (tenant, source, upload);
CREATE INDEX ne_upload_unfinished ON ne_upload (state) WHERE state <> 'ENDED';

-- Rows of an upload that were not taken; what was taken stands in the job's items.
CREATE TABLE ne_upload_row (
    tenant INTEGER NOT NULL,
    upload INTEGER NOT NULL,
    line   INTEGER NOT NULL,
    cells  TEXT NOT NULL,               -- JSON list, as in the file
    faults TEXT NOT NULL,               -- JSON list of {column, value, code, message, fix}
    PRIMARY KEY (tenant, upload, line)
) WITHOUT ROWID, STRICT;
