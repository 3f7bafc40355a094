-- One row of facts that every edition and every role can be asked for.
SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS micros,
       current_setting('server_version') AS version,
       current_setting('server_version_num')::int / 10000 AS major,
       pg_is_in_recovery() AS in_recovery,
       (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb') AS installed,
       (SELECT default_version FROM pg_available_extensions WHERE name = 'timescaledb') AS available,
       current_setting('timescaledb.license', true) AS license,
       EXISTS (SELECT FROM pg_stat_activity
               WHERE datname = current_database()
                 AND backend_type = 'TimescaleDB Background Worker Scheduler') AS scheduler,
       current_setting('max_worker_processes', true)::int AS worker_processes,
       current_setting('timescaledb.max_background_workers', true)::int AS background_workers
