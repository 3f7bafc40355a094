-- One row of facts that every edition and every role can be asked for.
SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS micros,
       pg_is_in_recovery() AS in_recovery,
       EXISTS (SELECT FROM pg_stat_activity
               WHERE datname = current_database()
                 AND backend_type = 'TimescaleDB Background Worker Scheduler') AS scheduler,
       current_setting('max_worker_processes', true) AS worker_processes,
       current_setting('timescaledb.max_background_workers', true) AS background_workers
