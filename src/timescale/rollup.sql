-- Brings a rollup up to date with its hypertable between two instants, at most `most` buckets in one
-- call, and says how many it were: 0 once nothing is left to do. Only whole buckets at or after the
-- floor are made: below it rows are gone.
DECLARE
    r         bss.rollup%ROWTYPE;
    first_ok  timestamptz;
    low       timestamptz := window_start;
    high      timestamptz;
    next_time timestamptz;
    due       timestamptz[];
    after     timestamptz;
BEGIN
    SELECT * INTO STRICT r FROM bss.rollup WHERE name = target FOR UPDATE;
    SELECT floor INTO first_ok FROM bss.retention_floor WHERE hypertable = r.hypertable;
    IF low > '-infinity' AND bss.bucket_of(r.bucket_width, r.zone, low) < low THEN
        low := bss.bucket_after(r.bucket_width, r.zone, low);
    END IF;
    low := greatest(low, first_ok);
    high := bss.bucket_of(r.bucket_width, r.zone, window_end);

    -- What is wrong now comes first, the newest of it before all.
    SELECT array_agg(bucket ORDER BY bucket) INTO due FROM (
        SELECT DISTINCT bucket FROM bss.rollup_invalidation
        WHERE rollup = target AND bucket >= low AND bucket < least(high, r.watermark)
        ORDER BY bucket DESC LIMIT most
    ) newest;
    IF due IS NULL THEN
        -- Then what lies beyond the watermark, the oldest first, so that nothing is left out behind
        -- it: a row of a transaction that is still open gets there by the log.
        due := '{}';
        next_time := greatest(low, r.watermark);
        WHILE cardinality(due) < most LOOP
            EXECUTE format('SELECT min("time") FROM bss.%I WHERE "time" >= $1 AND "time" < $2',
                           r.hypertable)
            INTO next_time USING next_time, high;
            EXIT WHEN next_time IS NULL;
            due := due || bss.bucket_of(r.bucket_width, r.zone, next_time);
            next_time := bss.bucket_after(r.bucket_width, r.zone, next_time);
        END LOOP;
        IF cardinality(due) = 0 THEN
            RETURN 0;
        END IF;
    END IF;

    -- The log first, the rows after it: what is committed in between stays in the log.
    DELETE FROM bss.rollup_invalidation WHERE rollup = target AND bucket = ANY (due);
    after := bss.bucket_after(r.bucket_width, r.zone, due[cardinality(due)]);
    EXECUTE format('DELETE FROM bss.%I WHERE %I = ANY ($1)', target, r.bucket_column) USING due;
    EXECUTE format('INSERT INTO bss.%I %s', target, r.definition) USING due[1], after, due;
    UPDATE bss.rollup SET watermark = greatest(watermark, after) WHERE name = target;
    RETURN cardinality(due);
END
