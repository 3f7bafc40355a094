-- Why: a refresh of a continuous aggregate over a range whose rows were dropped wipes its history.
-- The floor is the instant below which rows of a hypertable have been dropped; it is stored in the
-- transaction that drops them, every refresh starts at or after it, and rows that arrive below it
-- are set aside as expired.
CREATE TABLE bss.retention_floor (
    hypertable text        NOT NULL,
    floor      timestamptz NOT NULL,
    moved_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT retention_floor_key PRIMARY KEY (hypertable)
);
