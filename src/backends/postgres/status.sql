-- One line for each hypertable of schema bss: chunks, what is known of its rows, bytes. The number
-- of rows is what ANALYZE saw, brought forward to the present size, for chunks that are not
-- compressed, and what was counted at compression for those that are.
WITH part AS (
    SELECT c.hypertable_name AS name, c.is_compressed, k.reltuples, k.relpages,
           pg_relation_size(k.oid)::float8 AS bytes
    FROM timescaledb_information.chunks c
    JOIN pg_class k ON k.oid = format('%I.%I', c.chunk_schema, c.chunk_name)::regclass
    WHERE c.hypertable_schema = 'bss'
), chunks AS (
    SELECT name, count(*) AS chunks, count(*) FILTER (WHERE is_compressed) AS compressed,
           sum(reltuples * CASE WHEN relpages > 0
               THEN bytes / current_setting('block_size')::float8 / relpages ELSE 1 END)
               FILTER (WHERE NOT is_compressed AND reltuples >= 0) AS analyzed,
           sum(bytes) FILTER (WHERE NOT is_compressed AND reltuples >= 0) AS analyzed_bytes,
           sum(bytes) FILTER (WHERE NOT is_compressed AND reltuples < 0) AS other_bytes
    FROM part GROUP BY name
), packed AS (
    SELECT h.table_name AS name, sum(s.numrows_pre_compression)::float8 AS counted
    FROM _timescaledb_catalog.compression_chunk_size s
    JOIN _timescaledb_catalog.chunk c ON c.id = s.chunk_id
    JOIN _timescaledb_catalog.hypertable h ON h.id = c.hypertable_id
    WHERE h.schema_name = 'bss' GROUP BY 1
)
SELECT h.hypertable_name::text AS name, coalesce(c.chunks, 0) AS chunks,
       coalesce(c.compressed, 0) AS compressed, coalesce(p.counted, 0) AS counted,
       coalesce(c.analyzed, 0)::float8 AS analyzed,
       coalesce(c.analyzed_bytes, 0)::float8 AS analyzed_bytes,
       coalesce(c.other_bytes, 0)::float8 AS other_bytes,
       coalesce((SELECT sum(total_bytes) FROM hypertable_detailed_size(t.relation)), 0)::bigint
           AS bytes,
       z.before_bytes, z.after_bytes
FROM timescaledb_information.hypertables h
CROSS JOIN LATERAL (
    SELECT format('%I.%I', h.hypertable_schema, h.hypertable_name)::regclass AS relation
) t
LEFT JOIN chunks c ON c.name = h.hypertable_name
LEFT JOIN packed p ON p.name = h.hypertable_name
LEFT JOIN LATERAL (
    SELECT sum(before_compression_total_bytes)::bigint AS before_bytes,
           sum(after_compression_total_bytes)::bigint AS after_bytes
    FROM hypertable_compression_stats(t.relation)
) z ON true
WHERE h.hypertable_schema = 'bss'
