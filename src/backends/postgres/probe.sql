-- One row of facts that every edition and every role can be asked for.
SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS micros,
       current_setting('server_version') AS version,
       pg_is_in_recovery() AS in_recovery,
       EXISTS (SELECT FROM pg_stat_activity
               WHERE datname = current_database()
                 AND backend_type = 'TimescaleDB Background Worker Scheduler') AS scheduler,
       current_setting('timescaledb.max_background_workers', true)::int AS background_workers
