-- One line of a continuous aggregate, $1: bytes, up to where it is made (microseconds since 1970), and
-- how many buckets from $2 up to there the server's logs of changes touch, where there is a chunk.
WITH a AS (
    SELECT c.mat_hypertable_id AS id, c.raw_hypertable_id AS below, b.bucket_timezone AS zone,
           b.bucket_width::interval AS width,
           format('%I.%I', h.schema_name, h.table_name)::regclass AS relation,
           _timescaledb_functions.cagg_watermark(c.mat_hypertable_id) AS watermark
    FROM _timescaledb_catalog.continuous_agg c
    JOIN _timescaledb_catalog.continuous_aggs_bucket_function b USING (mat_hypertable_id)
    JOIN _timescaledb_catalog.hypertable h ON h.id = c.mat_hypertable_id
    WHERE c.user_view_schema = 'bss' AND c.user_view_name = $1
), changed AS MATERIALIZED (
    -- The logs reach to the ends of time, which are no instants: cut first.
    SELECT * FROM (
        SELECT greatest(l.low, _timescaledb_functions.to_unix_microseconds($2)) AS low,
               least(l.high, a.watermark - 1) AS high
        FROM a CROSS JOIN LATERAL (
            SELECT lowest_modified_value AS low, greatest_modified_value AS high
            FROM _timescaledb_catalog.continuous_aggs_hypertable_invalidation_log
            WHERE hypertable_id = a.below
            UNION ALL
            SELECT lowest_modified_value, greatest_modified_value
            FROM _timescaledb_catalog.continuous_aggs_materialization_invalidation_log
            WHERE materialization_id = a.id
        ) l
    ) cut WHERE low <= high AND $2 IS NOT NULL
), instant AS (
    SELECT s.at FROM a CROSS JOIN changed CROSS JOIN LATERAL (
        SELECT generate_series(_timescaledb_functions.to_timestamp(low),
                               _timescaledb_functions.to_timestamp(high), width) AS at
        UNION ALL SELECT _timescaledb_functions.to_timestamp(high)
    ) s
), bucket AS (
    SELECT DISTINCT CASE WHEN a.zone IS NULL THEN time_bucket(a.width, at)
                    ELSE time_bucket(a.width, at, a.zone) END AS start FROM a CROSS JOIN instant
), chunk AS MATERIALIZED (
    SELECT c.range_start, c.range_end FROM timescaledb_information.chunks c
    JOIN _timescaledb_catalog.hypertable h
      ON h.schema_name = c.hypertable_schema AND h.table_name = c.hypertable_name
    JOIN a ON a.below = h.id
)
SELECT coalesce((SELECT sum(total_bytes) FROM hypertable_detailed_size(a.relation)), 0)::bigint
           AS bytes,
       a.watermark,
       (SELECT count(*) FROM bucket b WHERE EXISTS (
           SELECT FROM chunk c WHERE c.range_start < b.start + a.width AND c.range_end > b.start
       )) AS invalid
FROM a
