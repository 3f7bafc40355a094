-- Drops the whole chunks of a hypertable that are older than `drop_after`, but only once every
-- continuous aggregate on it has seen all of their rows. If a refresh fails, a lock is not to be
-- had or rows keep coming in, nothing is dropped. The floor is stored in the transaction that
-- drops: a refresh below it would wipe what the dropped rows added up to.
DECLARE
    target     text := config ->> 'hypertable';
    relation   regclass := format('bss.%I', target)::regclass;
    table_id   int;
    expired    timestamptz := now() - (config ->> 'drop_after')::interval;
    horizon    timestamptz;
    first_ok   timestamptz;
    dropped    timestamptz;
    new_floor  timestamptz;
    views      regclass[];
    ids        int[];
    widths     interval[];
    zones      text[];
    shifted    boolean[];
    seen_until bigint;
    oldest     bigint;
    unseen     boolean;
    next_start timestamptz;
    stray      text;
    part       record;
    rollups    bss.rollup[];
    r          bss.rollup;
BEGIN
    SELECT id INTO STRICT table_id FROM _timescaledb_catalog.hypertable
    WHERE schema_name = 'bss' AND table_name = target;
    SELECT floor, dropped_before INTO first_ok, dropped
    FROM bss.retention_floor WHERE hypertable = target;
    SELECT max(range_end) INTO horizon FROM timescaledb_information.chunks
    WHERE hypertable_schema = 'bss' AND hypertable_name = target AND range_end <= expired;
    IF horizon IS NULL THEN
        RETURN;
    END IF;
    SELECT chunk_name INTO stray FROM timescaledb_information.chunks
    WHERE hypertable_schema = 'bss' AND hypertable_name = target AND range_end <= dropped;
    IF stray IS NOT NULL THEN
        RAISE EXCEPTION 'chunk % of hypertable % lies below %, before which rows were dropped',
            stray, target, dropped
            USING HINT = 'Its rows came later and no continuous aggregate can take them in. '
                'Export what is needed, then delete them.';
    END IF;
    -- The width of a bucket is in no view of timescaledb_information.
    SELECT array_agg(format('%I.%I', c.user_view_schema, c.user_view_name)::regclass ORDER BY c.mat_hypertable_id),
           array_agg(c.mat_hypertable_id ORDER BY c.mat_hypertable_id),
           array_agg(b.bucket_width::interval ORDER BY c.mat_hypertable_id),
           array_agg(b.bucket_timezone ORDER BY c.mat_hypertable_id),
           array_agg(b.bucket_origin IS NOT NULL OR b.bucket_offset IS NOT NULL ORDER BY c.mat_hypertable_id)
    INTO views, ids, widths, zones, shifted
    FROM _timescaledb_catalog.continuous_agg c
    LEFT JOIN _timescaledb_catalog.continuous_aggs_bucket_function b USING (mat_hypertable_id)
    WHERE c.raw_hypertable_id = table_id;
    views := coalesce(views, '{}');
    SELECT coalesce(array_agg(t.* ORDER BY t.name), '{}') INTO rollups
    FROM bss.rollup t WHERE t.hypertable = target;

    -- The floor: the first start of a bucket, at or after the horizon, of every aggregate.
    new_floor := horizon;
    FOR i IN 1 .. cardinality(views) LOOP
        IF widths[i] IS NULL THEN
            RAISE EXCEPTION 'the bucket of continuous aggregate % is not known', views[i];
        END IF;
        IF shifted[i] THEN
            next_start := horizon + widths[i];
        ELSIF zones[i] IS NULL THEN
            next_start := @extension@.time_bucket(widths[i], horizon);
            IF next_start < horizon THEN
                next_start := @extension@.time_bucket(widths[i], next_start + widths[i] * 1.5);
            END IF;
        ELSE
            next_start := @extension@.time_bucket(widths[i], horizon, zones[i]);
            IF next_start < horizon THEN
                next_start := @extension@.time_bucket(widths[i], next_start + widths[i] * 1.5, zones[i]);
            END IF;
        END IF;
        new_floor := greatest(new_floor, next_start);
    END LOOP;
    FOREACH r IN ARRAY rollups LOOP
        next_start := bss.bucket_of(r.bucket_width, r.zone, horizon);
        IF next_start < horizon THEN
            next_start := bss.bucket_after(r.bucket_width, r.zone, horizon);
        END IF;
        new_floor := greatest(new_floor, next_start);
    END LOOP;

    FOR attempt IN 1 .. 3 LOOP
        -- Two buckets past the floor: the last bucket of a chunk may reach into the next one, and what
        -- lies between the horizon and the floor of a wider aggregate is never refreshed again.
        FOR i IN 1 .. cardinality(views) LOOP
            CALL @extension@.refresh_continuous_aggregate(views[i], first_ok, new_floor + 2 * widths[i]);
        END LOOP;
        FOREACH r IN ARRAY rollups LOOP
            WHILE bss.refresh_rollup(r.name, '-infinity', new_floor + 2 * r.bucket_width, 50) > 0 LOOP
                COMMIT;
            END LOOP;
        END LOOP;
        COMMIT;

        -- From here on nobody writes to the table until this transaction ends.
        PERFORM set_config('lock_timeout', '5s', true);
        EXECUTE format('LOCK TABLE ONLY %s IN SHARE ROW EXCLUSIVE MODE', relation);
        FOR part IN
            SELECT chunk_schema, chunk_name FROM timescaledb_information.chunks
            WHERE hypertable_schema = 'bss' AND hypertable_name = target AND range_end <= horizon
        LOOP
            EXECUTE format('LOCK TABLE ONLY %I.%I IN SHARE ROW EXCLUSIVE MODE',
                           part.chunk_schema, part.chunk_name);
        END LOOP;
        unseen := false;
        IF cardinality(views) > 0 THEN
            -- Rows below the threshold that came in since are in the logs, rows above it are not.
            SELECT watermark INTO seen_until
            FROM _timescaledb_catalog.continuous_aggs_invalidation_threshold
            WHERE hypertable_id = table_id;
            -- Below the floor the logs tell of what was dropped; before the oldest row of
            -- nothing at all.
            EXECUTE format('SELECT _timescaledb_functions.to_unix_microseconds('
                'coalesce($1, min("time"))) FROM %s', relation)
            INTO oldest USING first_ok;
            unseen := EXISTS (
                SELECT FROM _timescaledb_catalog.continuous_aggs_hypertable_invalidation_log
                WHERE hypertable_id = table_id
                  AND lowest_modified_value < _timescaledb_functions.to_unix_microseconds(new_floor)
                  AND greatest_modified_value >= oldest
            ) OR EXISTS (
                SELECT FROM _timescaledb_catalog.continuous_aggs_materialization_invalidation_log
                WHERE materialization_id = ANY (ids)
                  AND lowest_modified_value < _timescaledb_functions.to_unix_microseconds(new_floor)
                  AND greatest_modified_value >= oldest
            );
            IF NOT unseen AND (seen_until IS NULL
                OR seen_until < _timescaledb_functions.to_unix_microseconds(new_floor)) THEN
                EXECUTE format('SELECT EXISTS (SELECT FROM %s WHERE "time" < $1 AND ($2 IS NULL OR '
                    '_timescaledb_functions.to_unix_microseconds("time") >= $2))', relation)
                INTO unseen USING new_floor, seen_until;
            END IF;
        END IF;
        FOREACH r IN ARRAY rollups LOOP
            unseen := unseen OR EXISTS (
                SELECT FROM bss.rollup_invalidation i
                WHERE i.rollup = r.name AND i.bucket < new_floor AND i.bucket >= coalesce(first_ok, '-infinity')
            );
            EXECUTE format('SELECT $1 OR EXISTS (SELECT FROM %s t, bss.rollup w WHERE w.name = $2 '
                'AND t."time" >= w.watermark AND t."time" < $3)', relation)
            INTO unseen USING unseen, r.name, new_floor;
        END LOOP;
        IF NOT unseen THEN
            PERFORM @extension@.drop_chunks(relation, older_than => horizon);
            INSERT INTO bss.retention_floor (hypertable, floor, dropped_before)
            VALUES (target, new_floor, horizon)
            ON CONFLICT (hypertable) DO UPDATE
            SET floor = EXCLUDED.floor, dropped_before = EXCLUDED.dropped_before,
                moved_at = clock_timestamp();
            COMMIT;
            -- Ids of rows that are gone; when nobody waits for the table any more.
            DELETE FROM bss.seen_event WHERE hypertable = target AND "time" < horizon;
            COMMIT;
            RETURN;
        END IF;
        ROLLBACK;
    END LOOP;
    RAISE EXCEPTION 'rows older than % keep coming into hypertable %, nothing was dropped',
        horizon, target;
END
