-- Why: rows from Kafka and the offset up to which they were read commit together, so that each
-- record counts once. The row is locked by the batch that moves it: a second process that was
-- handed the same partition finds it moved and drops its batch.
CREATE TABLE bss.ingest_offset (
    kafka_group text   NOT NULL,
    topic       text   NOT NULL,
    partition   int    NOT NULL,
    next_offset bigint NOT NULL,
    CONSTRAINT ingest_offset_key PRIMARY KEY (kafka_group, topic, partition)
);
