-- Why: the floor is the first bucket of every aggregate that is still whole, so with buckets of a
-- zone it lies after the end of the last chunk dropped. Both are needed: the floor says where a
-- refresh may start, this says below what no chunk should be.
ALTER TABLE bss.retention_floor ADD COLUMN dropped_before timestamptz NOT NULL;
