# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_bss_global_optspecs
    string join \n config= context= set= o/output= plot= since= until= as-of= tz= q/quiet v/verbose no-color yes= h/help V/version
end

function __fish_bss_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_bss_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_bss_using_subcommand
    set -l cmd (__fish_bss_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c bss -n "__fish_bss_needs_command" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_needs_command" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_needs_command" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_needs_command" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_needs_command" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_needs_command" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_needs_command" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_needs_command" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_needs_command" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_needs_command" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_needs_command" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_needs_command" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_needs_command" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_needs_command" -s V -l version -d 'Print version'
complete -c bss -n "__fish_bss_needs_command" -f -a "setup" -d 'Set up and check TimescaleDB, Kafka and Redis'
complete -c bss -n "__fish_bss_needs_command" -f -a "metrics" -d 'Record, import and ingest metrics'
complete -c bss -n "__fish_bss_needs_command" -f -a "analytics" -d 'Sum up revenue, orders, customers and services'
complete -c bss -n "__fish_bss_needs_command" -f -a "streams" -d 'Run and inspect the stream topologies'
complete -c bss -n "__fish_bss_needs_command" -f -a "fraud" -d 'Report suspicious payments and alerts'
complete -c bss -n "__fish_bss_needs_command" -f -a "events" -d 'Keep, read and prove the events of the event store'
complete -c bss -n "__fish_bss_needs_command" -f -a "customers" -d 'Create and change customers, by events'
complete -c bss -n "__fish_bss_needs_command" -f -a "doctor" -d 'Check that every backend answers and is set up right'
complete -c bss -n "__fish_bss_needs_command" -f -a "config" -d 'Show and check the configuration'
complete -c bss -n "__fish_bss_needs_command" -f -a "completions" -d 'Print the completion script of a shell'
complete -c bss -n "__fish_bss_needs_command" -f -a "man" -d 'Print a man page, or write all of them to a folder'
complete -c bss -n "__fish_bss_using_subcommand setup; and not __fish_seen_subcommand_from timescale kafka redis all" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand setup; and not __fish_seen_subcommand_from timescale kafka redis all" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand setup; and not __fish_seen_subcommand_from timescale kafka redis all" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand setup; and not __fish_seen_subcommand_from timescale kafka redis all" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand setup; and not __fish_seen_subcommand_from timescale kafka redis all" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand setup; and not __fish_seen_subcommand_from timescale kafka redis all" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand setup; and not __fish_seen_subcommand_from timescale kafka redis all" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand setup; and not __fish_seen_subcommand_from timescale kafka redis all" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand setup; and not __fish_seen_subcommand_from timescale kafka redis all" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand setup; and not __fish_seen_subcommand_from timescale kafka redis all" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand setup; and not __fish_seen_subcommand_from timescale kafka redis all" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand setup; and not __fish_seen_subcommand_from timescale kafka redis all" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand setup; and not __fish_seen_subcommand_from timescale kafka redis all" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand setup; and not __fish_seen_subcommand_from timescale kafka redis all" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand setup; and not __fish_seen_subcommand_from timescale kafka redis all" -f -a "timescale" -d 'Plan, apply or check hypertables, continuous aggregates and policies'
complete -c bss -n "__fish_bss_using_subcommand setup; and not __fish_seen_subcommand_from timescale kafka redis all" -f -a "kafka" -d 'Plan, create or check topics'
complete -c bss -n "__fish_bss_using_subcommand setup; and not __fish_seen_subcommand_from timescale kafka redis all" -f -a "redis" -d 'Check persistence and eviction settings'
complete -c bss -n "__fish_bss_using_subcommand setup; and not __fish_seen_subcommand_from timescale kafka redis all" -f -a "all" -d 'Set up TimescaleDB, Kafka and Redis, in this order'
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from timescale" -l wait -d 'Wait until the server answers' -r
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from timescale" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from timescale" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from timescale" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from timescale" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from timescale" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from timescale" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from timescale" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from timescale" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from timescale" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from timescale" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from timescale" -l plan -d 'Print the plan and change nothing'
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from timescale" -l check -d 'Change nothing; exit 6 if the server differs from what is declared'
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from timescale" -l sql -d 'Print only the statements of the plan and change nothing'
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from timescale" -l status -d 'Show sizes, times and policies of what is there and change nothing'
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from timescale" -l adopt -d 'Print what is there as a file for timescale.declared and change nothing'
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from timescale" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from timescale" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from timescale" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from timescale" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from kafka" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from kafka" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from kafka" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from kafka" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from kafka" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from kafka" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from kafka" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from kafka" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from kafka" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from kafka" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from kafka" -l plan -d 'Print the plan and change nothing'
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from kafka" -l check -d 'Change nothing; exit 6 if topics differ, or settings that exactly-once stands on: replication and in-sync copies of the transaction log, offsets retention, transaction timeout, timestamp limits, unclean election. Each line names what mends it'
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from kafka" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from kafka" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from kafka" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from kafka" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from redis" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from redis" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from redis" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from redis" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from redis" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from redis" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from redis" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from redis" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from redis" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from redis" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from redis" -l check -d 'The same: this command only ever checks'
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from redis" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from redis" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from redis" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from redis" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from all" -l wait -d 'Wait until the servers answer' -r
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from all" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from all" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from all" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from all" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from all" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from all" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from all" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from all" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from all" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from all" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from all" -l plan -d 'Print the plans and change nothing'
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from all" -l check -d 'Change nothing; exit 6 if anything differs from what is declared'
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from all" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from all" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from all" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand setup; and __fish_seen_subcommand_from all" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand metrics; and not __fish_seen_subcommand_from query import export record ingest policies refresh anomalies" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand metrics; and not __fish_seen_subcommand_from query import export record ingest policies refresh anomalies" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and not __fish_seen_subcommand_from query import export record ingest policies refresh anomalies" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and not __fish_seen_subcommand_from query import export record ingest policies refresh anomalies" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand metrics; and not __fish_seen_subcommand_from query import export record ingest policies refresh anomalies" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and not __fish_seen_subcommand_from query import export record ingest policies refresh anomalies" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and not __fish_seen_subcommand_from query import export record ingest policies refresh anomalies" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and not __fish_seen_subcommand_from query import export record ingest policies refresh anomalies" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and not __fish_seen_subcommand_from query import export record ingest policies refresh anomalies" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and not __fish_seen_subcommand_from query import export record ingest policies refresh anomalies" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and not __fish_seen_subcommand_from query import export record ingest policies refresh anomalies" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand metrics; and not __fish_seen_subcommand_from query import export record ingest policies refresh anomalies" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand metrics; and not __fish_seen_subcommand_from query import export record ingest policies refresh anomalies" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand metrics; and not __fish_seen_subcommand_from query import export record ingest policies refresh anomalies" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand metrics; and not __fish_seen_subcommand_from query import export record ingest policies refresh anomalies" -f -a "query" -d 'Query metrics by time and field'
complete -c bss -n "__fish_bss_using_subcommand metrics; and not __fish_seen_subcommand_from query import export record ingest policies refresh anomalies" -f -a "import" -d 'Load a file of metrics into TimescaleDB'
complete -c bss -n "__fish_bss_using_subcommand metrics; and not __fish_seen_subcommand_from query import export record ingest policies refresh anomalies" -f -a "export" -d 'Write metrics to a file that `metrics import` reads'
complete -c bss -n "__fish_bss_using_subcommand metrics; and not __fish_seen_subcommand_from query import export record ingest policies refresh anomalies" -f -a "record" -d 'Record one metric'
complete -c bss -n "__fish_bss_using_subcommand metrics; and not __fish_seen_subcommand_from query import export record ingest policies refresh anomalies" -f -a "ingest" -d 'Carry metrics and alerts from Kafka to TimescaleDB'
complete -c bss -n "__fish_bss_using_subcommand metrics; and not __fish_seen_subcommand_from query import export record ingest policies refresh anomalies" -f -a "policies" -d 'Run and check the policies of aggregates, compression and retention'
complete -c bss -n "__fish_bss_using_subcommand metrics; and not __fish_seen_subcommand_from query import export record ingest policies refresh anomalies" -f -a "refresh" -d 'Bring aggregates up to date with their rows'
complete -c bss -n "__fish_bss_using_subcommand metrics; and not __fish_seen_subcommand_from query import export record ingest policies refresh anomalies" -f -a "anomalies" -d 'Find anomalies in stored metrics and in files'
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from query" -l bucket -d 'The width of a bucket, such as 15m, 1h, 1d, 1w, 1mo, 1y; without it the range is one' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from query" -l by -d 'By these fields; names within a JSON field as labels.NAME' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from query" -s m -l measure -d 'What is measured: count, or FUNCTION:FIELD with count, distinct, sum, avg, min, max, stddev, first, last, median, p95, p99.9 [default: what is usual for the kind]' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from query" -l where -d 'Only of rows with FIELD=VALUE (or !=, <, <=, >, >=); FIELD= where it is not known. All must hold, but of several = of one field one is enough' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from query" -l fill -d 'What stands in buckets without rows, which are left out otherwise' -r -f -a "null\t'Nothing'
zero\t'0 for counts and sums; a mean of nothing stays unknown'
locf\t'The last value before'
interpolate\t'The straight line between the values before and after'"
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from query" -l limit -d 'At most so many lines' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from query" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from query" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from query" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from query" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from query" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from query" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from query" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from query" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from query" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from query" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from query" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from query" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from query" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from query" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from import" -l format -d 'Form of the file; told from its name or its first byte if not given' -r -f -a "csv\t'Columns with a header row'
ndjson\t'One JSON object a line'"
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from import" -l delimiter -d 'What separates the columns of CSV: one character, or `tab`' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from import" -l map -d 'Take a field from this column, whatever it is called, or from a product of columns such as revenue=Quantity*UnitPrice, exact in decimal (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from import" -l constant -d 'Give a field this value in each row; an empty one leaves the field out (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from import" -l where -d 'Take only lines of which this holds: COLUMN=VALUE, COLUMN!=VALUE (a * at the end stands for anything), or COLUMN and a number with <, <=, > or >= (can be repeated: all must hold)' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from import" -l encoding -d 'How the file\'s bytes are its characters' -r -f -a "utf-8\t'UTF-8; a line that is none is set aside'
latin1\t'ISO 8859-1'
windows-1252\t'Windows code page 1252, as old spreadsheets write it'"
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from import" -l batch -d 'Rows of one transaction [default: metrics.batch]' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from import" -l workers -d 'Send so many batches at once, each over a connection of its own; a server that takes one connection at a time needs 1' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from import" -l round -d 'Round amounts with more than 4 decimals instead of setting them aside' -r -f -a "half-even\t'To the nearest, halves to the even digit'"
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from import" -l rejects -d 'Where to write what is set aside [default: FILE.rejects.ndjson]' -r -F
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from import" -l allow-chunks -d 'Go on if the file makes up to this many new chunks' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from import" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from import" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from import" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from import" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from import" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from import" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from import" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from import" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from import" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from import" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from import" -l strict -d 'Write nothing at all if a single row is at fault'
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from import" -l once-per-id -d 'Count each event once, also if it comes again with another time: a metric by its eventId, a payment or order by its id and status. Ids are remembered from the first use of this option on, until retention drops their rows'
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from import" -l reload -d 'Send batches again that the import ledger already has'
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from import" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from import" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from import" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from export" -l format -d 'Form of the file; told from its name if not given, and CSV if that says nothing' -r -f -a "csv\t'Columns with a header row'
ndjson\t'One JSON object a line'"
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from export" -l where -d 'Only rows with FIELD=VALUE (or !=, <, <=, >, >=); FIELD= where it is not known. All must hold, but of several = of one field one is enough' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from export" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from export" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from export" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from export" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from export" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from export" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from export" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from export" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from export" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from export" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from export" -l force -d 'Take the place of a file that is there'
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from export" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from export" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from export" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from record" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from record" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from record" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from record" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from record" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from record" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from record" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from record" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from record" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from record" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from record" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from record" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from record" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from record" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from record" -f -a "customer" -d 'Record one measurement of a customer'
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from record" -f -a "order" -d 'Record one order in one status'
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from record" -f -a "payment" -d 'Record one payment'
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from record" -f -a "revenue" -d 'Record revenue with its costs'
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from record" -f -a "system" -d 'Record the gauges of a service'
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from ingest" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from ingest" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from ingest" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from ingest" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from ingest" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from ingest" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from ingest" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from ingest" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from ingest" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from ingest" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from ingest" -l once -d 'End once everything is stored that was there at the start'
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from ingest" -l once-per-id -d 'Count each event once, also if it comes again with another time: a metric by its id, a payment or order by its id and status. Ids are remembered from the first use of this option on, until retention drops their rows. Alerts keep their own keys'
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from ingest" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from ingest" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from ingest" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from ingest" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from policies" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from policies" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from policies" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from policies" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from policies" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from policies" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from policies" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from policies" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from policies" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from policies" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from policies" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from policies" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from policies" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from policies" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from policies" -f -a "check" -d 'Check that every declared policy runs'
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from policies" -f -a "run" -d 'Run the policies that are due, where no scheduler does'
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from refresh" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from refresh" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from refresh" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from refresh" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from refresh" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from refresh" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from refresh" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from refresh" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from refresh" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from refresh" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from refresh" -l stale -d 'Everything that has changed, however old'
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from refresh" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from refresh" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from refresh" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from refresh" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from anomalies" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from anomalies" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from anomalies" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from anomalies" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from anomalies" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from anomalies" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from anomalies" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from anomalies" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from anomalies" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from anomalies" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from anomalies" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from anomalies" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from anomalies" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from anomalies" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from anomalies" -f -a "system" -d 'List anomalies in the gauges of services'
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from anomalies" -f -a "customer" -d 'List anomalies in customers\' metrics'
complete -c bss -n "__fish_bss_using_subcommand metrics; and __fish_seen_subcommand_from anomalies" -f -a "file" -d 'Score every row of a file'
complete -c bss -n "__fish_bss_using_subcommand analytics; and not __fish_seen_subcommand_from revenue orders customer system forecast" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand analytics; and not __fish_seen_subcommand_from revenue orders customer system forecast" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand analytics; and not __fish_seen_subcommand_from revenue orders customer system forecast" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand analytics; and not __fish_seen_subcommand_from revenue orders customer system forecast" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand analytics; and not __fish_seen_subcommand_from revenue orders customer system forecast" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand analytics; and not __fish_seen_subcommand_from revenue orders customer system forecast" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand analytics; and not __fish_seen_subcommand_from revenue orders customer system forecast" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand analytics; and not __fish_seen_subcommand_from revenue orders customer system forecast" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand analytics; and not __fish_seen_subcommand_from revenue orders customer system forecast" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand analytics; and not __fish_seen_subcommand_from revenue orders customer system forecast" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand analytics; and not __fish_seen_subcommand_from revenue orders customer system forecast" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand analytics; and not __fish_seen_subcommand_from revenue orders customer system forecast" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand analytics; and not __fish_seen_subcommand_from revenue orders customer system forecast" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand analytics; and not __fish_seen_subcommand_from revenue orders customer system forecast" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand analytics; and not __fish_seen_subcommand_from revenue orders customer system forecast" -f -a "revenue" -d 'Sum up revenue'
complete -c bss -n "__fish_bss_using_subcommand analytics; and not __fish_seen_subcommand_from revenue orders customer system forecast" -f -a "orders" -d 'Count orders by status and region'
complete -c bss -n "__fish_bss_using_subcommand analytics; and not __fish_seen_subcommand_from revenue orders customer system forecast" -f -a "customer" -d 'Show what customers do'
complete -c bss -n "__fish_bss_using_subcommand analytics; and not __fish_seen_subcommand_from revenue orders customer system forecast" -f -a "system" -d 'Judge and compare services'
complete -c bss -n "__fish_bss_using_subcommand analytics; and not __fish_seen_subcommand_from revenue orders customer system forecast" -f -a "forecast" -d 'Forecast the series of a file, or test the methods on it'
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from revenue" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from revenue" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from revenue" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from revenue" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from revenue" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from revenue" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from revenue" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from revenue" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from revenue" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from revenue" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from revenue" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from revenue" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from revenue" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from revenue" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from revenue" -f -a "summary" -d 'Revenue by day, with totals and growth'
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from revenue" -f -a "region" -d 'Revenue by region'
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from revenue" -f -a "category" -d 'Revenue by product category'
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from revenue" -f -a "total" -d 'Revenue in all'
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from revenue" -f -a "forecast" -d 'Forecast revenue'
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from orders" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from orders" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from orders" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from orders" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from orders" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from orders" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from orders" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from orders" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from orders" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from orders" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from orders" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from orders" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from orders" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from orders" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from orders" -f -a "fulfilment" -d 'How long orders take from one status to another'
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from orders" -f -a "status" -d 'Orders by day and status'
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from orders" -f -a "region" -d 'Orders by region'
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from customer" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from customer" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from customer" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from customer" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from customer" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from customer" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from customer" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from customer" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from customer" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from customer" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from customer" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from customer" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from customer" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from customer" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from customer" -f -a "aggregates" -d 'The measurements of a customer by hour, day, week or month'
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from customer" -f -a "metrics" -d 'The measurements of a customer'
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from customer" -f -a "top" -d 'The customers with the most measurements'
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from system" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from system" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from system" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from system" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from system" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from system" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from system" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from system" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from system" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from system" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from system" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from system" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from system" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from system" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from system" -f -a "comparison" -d 'Services beside each other'
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from system" -f -a "health" -d 'How every service is'
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from system" -f -a "performance" -d 'A service hour by hour'
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from forecast" -l season -d 'After how many values a series repeats itself; several by commas (24,168), 1 if it does not' -r
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from forecast" -l horizon -d 'How many values ahead' -r
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from forecast" -l method -d 'By which method; with --backtest, which is tested' -r -f -a "auto\t'The best in the back-test; the combination where no single method is clearly better'
mstl\t'Season and trend by loess, the trend by exponential smoothing'
ets\t'Exponential smoothing with trend and season (Holt-Winters, additive)'
seasonal-linear\t'Least squares on time and on the position in the season'
seasonal-mean\t'The mean of the last 4 at the same position in the season; of all, where there is no season'
seasonal-naive\t'The last at the same position in the season'
linear\t'Least squares on time'
combined\t'The mean of the best two or three in the back-test; the best, where no other is near it'"
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from forecast" -l interval -d 'Which prediction intervals, in percent' -r -f -a "80\t'Four of five values lie within'
95\t'19 of 20 values lie within'"
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from forecast" -l backtest -d 'Test the methods from N origins of each series' -r
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from forecast" -l step -d 'How many values lie between two origins [default: the horizon]' -r
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from forecast" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from forecast" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from forecast" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from forecast" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from forecast" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from forecast" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from forecast" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from forecast" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from forecast" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from forecast" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from forecast" -l clip -d 'Forecast nothing below zero'
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from forecast" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from forecast" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from forecast" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand analytics; and __fish_seen_subcommand_from forecast" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand streams; and not __fish_seen_subcommand_from list run describe status metadata metrics lag pause resume reset rebuild state test diff dlq late generate" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand streams; and not __fish_seen_subcommand_from list run describe status metadata metrics lag pause resume reset rebuild state test diff dlq late generate" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and not __fish_seen_subcommand_from list run describe status metadata metrics lag pause resume reset rebuild state test diff dlq late generate" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and not __fish_seen_subcommand_from list run describe status metadata metrics lag pause resume reset rebuild state test diff dlq late generate" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand streams; and not __fish_seen_subcommand_from list run describe status metadata metrics lag pause resume reset rebuild state test diff dlq late generate" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and not __fish_seen_subcommand_from list run describe status metadata metrics lag pause resume reset rebuild state test diff dlq late generate" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and not __fish_seen_subcommand_from list run describe status metadata metrics lag pause resume reset rebuild state test diff dlq late generate" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and not __fish_seen_subcommand_from list run describe status metadata metrics lag pause resume reset rebuild state test diff dlq late generate" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and not __fish_seen_subcommand_from list run describe status metadata metrics lag pause resume reset rebuild state test diff dlq late generate" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and not __fish_seen_subcommand_from list run describe status metadata metrics lag pause resume reset rebuild state test diff dlq late generate" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and not __fish_seen_subcommand_from list run describe status metadata metrics lag pause resume reset rebuild state test diff dlq late generate" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand streams; and not __fish_seen_subcommand_from list run describe status metadata metrics lag pause resume reset rebuild state test diff dlq late generate" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand streams; and not __fish_seen_subcommand_from list run describe status metadata metrics lag pause resume reset rebuild state test diff dlq late generate" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand streams; and not __fish_seen_subcommand_from list run describe status metadata metrics lag pause resume reset rebuild state test diff dlq late generate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand streams; and not __fish_seen_subcommand_from list run describe status metadata metrics lag pause resume reset rebuild state test diff dlq late generate" -f -a "list" -d 'List the topologies'
complete -c bss -n "__fish_bss_using_subcommand streams; and not __fish_seen_subcommand_from list run describe status metadata metrics lag pause resume reset rebuild state test diff dlq late generate" -f -a "run" -d 'Run topologies until stopped (Ctrl-C: a clean stop, exit 0)'
complete -c bss -n "__fish_bss_using_subcommand streams; and not __fish_seen_subcommand_from list run describe status metadata metrics lag pause resume reset rebuild state test diff dlq late generate" -f -a "describe" -d 'Show what a topology reads, keeps and writes, and by which numbers it works'
complete -c bss -n "__fish_bss_using_subcommand streams; and not __fish_seen_subcommand_from list run describe status metadata metrics lag pause resume reset rebuild state test diff dlq late generate" -f -a "status" -d 'Show whether topologies run, how far they are and what they set aside'
complete -c bss -n "__fish_bss_using_subcommand streams; and not __fish_seen_subcommand_from list run describe status metadata metrics lag pause resume reset rebuild state test diff dlq late generate" -f -a "metadata" -d 'Show which process has what: partitions, stores, state, address'
complete -c bss -n "__fish_bss_using_subcommand streams; and not __fish_seen_subcommand_from list run describe status metadata metrics lag pause resume reset rebuild state test diff dlq late generate" -f -a "metrics" -d 'Show the figures of running processes: what /metrics tells, as a table or JSON'
complete -c bss -n "__fish_bss_using_subcommand streams; and not __fish_seen_subcommand_from list run describe status metadata metrics lag pause resume reset rebuild state test diff dlq late generate" -f -a "lag" -d 'Show how far behind topologies are, in records and in time'
complete -c bss -n "__fish_bss_using_subcommand streams; and not __fish_seen_subcommand_from list run describe status metadata metrics lag pause resume reset rebuild state test diff dlq late generate" -f -a "pause" -d 'Make topologies stand still: everything committed, nothing read'
complete -c bss -n "__fish_bss_using_subcommand streams; and not __fish_seen_subcommand_from list run describe status metadata metrics lag pause resume reset rebuild state test diff dlq late generate" -f -a "resume" -d 'Let paused topologies go on'
complete -c bss -n "__fish_bss_using_subcommand streams; and not __fish_seen_subcommand_from list run describe status metadata metrics lag pause resume reset rebuild state test diff dlq late generate" -f -a "reset" -d 'Begin a topology anew: forget its offsets and its state'
complete -c bss -n "__fish_bss_using_subcommand streams; and not __fish_seen_subcommand_from list run describe status metadata metrics lag pause resume reset rebuild state test diff dlq late generate" -f -a "rebuild" -d 'Make a topology\'s state anew, for the partitions its sources have now'
complete -c bss -n "__fish_bss_using_subcommand streams; and not __fish_seen_subcommand_from list run describe status metadata metrics lag pause resume reset rebuild state test diff dlq late generate" -f -a "state" -d 'Look into the state of a topology'
complete -c bss -n "__fish_bss_using_subcommand streams; and not __fish_seen_subcommand_from list run describe status metadata metrics lag pause resume reset rebuild state test diff dlq late generate" -f -a "test" -d 'Run a topology over a file, without a broker'
complete -c bss -n "__fish_bss_using_subcommand streams; and not __fish_seen_subcommand_from list run describe status metadata metrics lag pause resume reset rebuild state test diff dlq late generate" -f -a "diff" -d 'Compare what a topology would write now with what it wrote'
complete -c bss -n "__fish_bss_using_subcommand streams; and not __fish_seen_subcommand_from list run describe status metadata metrics lag pause resume reset rebuild state test diff dlq late generate" -f -a "dlq" -d 'List, explain and requeue dead letters'
complete -c bss -n "__fish_bss_using_subcommand streams; and not __fish_seen_subcommand_from list run describe status metadata metrics lag pause resume reset rebuild state test diff dlq late generate" -f -a "late" -d 'List records that came too late, and correct their windows'
complete -c bss -n "__fish_bss_using_subcommand streams; and not __fish_seen_subcommand_from list run describe status metadata metrics lag pause resume reset rebuild state test diff dlq late generate" -f -a "generate" -d 'Make events for demos, tests and benches'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from list" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from list" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from list" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from list" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from list" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from list" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from list" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from list" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from list" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from list" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from list" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from run" -l from -d 'Where a first start begins' -r -f -a "earliest\t'At the oldest record that is kept'
latest\t'At what comes from now on'"
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from run" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from run" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from run" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from run" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from run" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from run" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from run" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from run" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from run" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from run" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from run" -l drain -d 'Process to the end of the input as it is now, close all windows, commit and end; what comes later for a closed window is late'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from run" -l accept-gap -d 'Go on over records that retention deleted before they were read'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from run" -l standby -d 'Keep the state of partitions that other processes have on this disk too: to take one over, only the last moments are read'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from run" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from run" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from run" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from describe" -l acls -d 'Show the rights (ACLs) that running it needs, as a table, or as commands to paste' -r -f -a "table\t'One line a resource'
commands\t'One call of kafka-acls.sh a resource'"
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from describe" -l principal -d 'Who is to have them' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from describe" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from describe" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from describe" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from describe" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from describe" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from describe" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from describe" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from describe" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from describe" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from describe" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from describe" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from describe" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from describe" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from describe" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from status" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from status" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from status" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from status" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from status" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from status" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from status" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from status" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from status" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from status" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from status" -s p -l partitions -d 'One line a partition'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from status" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from status" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from status" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from metadata" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from metadata" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from metadata" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from metadata" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from metadata" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from metadata" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from metadata" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from metadata" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from metadata" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from metadata" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from metadata" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from metadata" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from metadata" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from metadata" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from metrics" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from metrics" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from metrics" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from metrics" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from metrics" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from metrics" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from metrics" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from metrics" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from metrics" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from metrics" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from metrics" -s p -l partitions -d 'One line a partition'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from metrics" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from metrics" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from metrics" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from metrics" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from lag" -l max-lag -d 'Exit 6 if a partition is more than this many records behind' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from lag" -l max-age -d 'Exit 6 if a partition\'s oldest unread or held back record is older, such as 5m' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from lag" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from lag" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from lag" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from lag" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from lag" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from lag" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from lag" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from lag" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from lag" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from lag" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from lag" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from lag" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from lag" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from lag" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from pause" -l timeout -d 'How long to wait, such as 60s' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from pause" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from pause" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from pause" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from pause" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from pause" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from pause" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from pause" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from pause" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from pause" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from pause" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from pause" -l wait -d 'Wait until every process with partitions has obeyed; exit 1 if one has not in time'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from pause" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from pause" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from pause" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from pause" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from resume" -l timeout -d 'How long to wait, such as 60s' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from resume" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from resume" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from resume" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from resume" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from resume" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from resume" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from resume" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from resume" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from resume" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from resume" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from resume" -l wait -d 'Wait until every process with partitions has obeyed; exit 1 if one has not in time'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from resume" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from resume" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from resume" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from resume" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from reset" -l to -d 'Where the next run begins: earliest, latest, or the first record of a time such as 2026-07-01T00:00:00Z or 24h, by its Kafka timestamp' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from reset" -l undo -d 'Set the offsets back that a reset has noted in this file' -r -F
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from reset" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from reset" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from reset" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from reset" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from reset" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from reset" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from reset" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from reset" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from reset" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from reset" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from reset" -l apply -d 'Carry it out; asks first, without a terminal it needs --yes'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from reset" -l force -d 'Go on with empty state where theirs is gone, without a rebuild'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from reset" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from reset" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from reset" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from reset" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from rebuild" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from rebuild" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from rebuild" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from rebuild" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from rebuild" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from rebuild" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from rebuild" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from rebuild" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from rebuild" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from rebuild" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from rebuild" -l apply -d 'Carry it out; asks first, without a terminal it needs --yes'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from rebuild" -l accept-gap -d 'Go on although the sources do not hold exactly what the state was made from'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from rebuild" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from rebuild" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from rebuild" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from rebuild" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from state" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from state" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from state" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from state" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from state" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from state" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from state" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from state" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from state" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from state" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from state" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from state" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from state" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from state" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from state" -f -a "get" -d 'Show what a store keeps of one key'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from test" -l input -d 'The file of records; - is standard input' -r -F
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from test" -l only -d 'Show only the outputs of these topics (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from test" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from test" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from test" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from test" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from test" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from test" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from test" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from test" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from test" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from test" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from test" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from test" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from test" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from test" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from diff" -l input -d 'The recorded input: a file, -, topic:NAME or kafka' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from diff" -l against -d 'The recorded outputs: a file, -, topic:NAME or kafka' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from diff" -l only -d 'Compare only the outputs of these topics (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from diff" -l limit -d 'Show at most so many differences' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from diff" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from diff" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from diff" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from diff" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from diff" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from diff" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from diff" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from diff" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from diff" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from diff" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from diff" -l keep-open -d 'Do not close at the end of the input what is still open, as a topology that still runs'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from diff" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from diff" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from diff" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from diff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from dlq" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from dlq" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from dlq" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from dlq" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from dlq" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from dlq" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from dlq" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from dlq" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from dlq" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from dlq" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from dlq" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from dlq" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from dlq" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from dlq" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from dlq" -f -a "list" -d 'List dead letters, the newest last'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from dlq" -f -a "explain" -d 'Explain one dead letter'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from dlq" -f -a "requeue" -d 'Write dead letters back to the topics they came from'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from late" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from late" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from late" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from late" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from late" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from late" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from late" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from late" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from late" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from late" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from late" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from late" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from late" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from late" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from late" -f -a "list" -d 'List late records, the newest last'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from late" -f -a "replay" -d 'Correct closed windows with the late records that were meant for them'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from generate" -l count -d 'Stop after so many records' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from generate" -l span -d 'How much event time the events cover, such as 2d' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from generate" -l seed -d 'Where chance begins' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from generate" -l customers -d 'How many customers there are' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from generate" -l products -d 'How many products there are' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from generate" -l start -d 'The first event time [default: so long ago that nothing lies in the future]' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from generate" -l rate -d 'At most so many records a second; without --count and --span so many on average [default: as fast as it goes; 10/s]' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from generate" -l output-file -d 'Write to this file or folder instead of Kafka; - is standard output' -r -F
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from generate" -l out-of-order -d 'The share of events that arrive late' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from generate" -l max-delay -d 'How late an event or its repetition arrives at most' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from generate" -l duplicates -d 'The share of events that arrive twice' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from generate" -l broken -d 'The share of events that cannot be read' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from generate" -l fraud-bursts -d 'The share of sessions that are planted fraud; their payments\' ids begin with PLANTED-' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from generate" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from generate" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from generate" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from generate" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from generate" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from generate" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from generate" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from generate" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from generate" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from generate" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from generate" -l steady -d 'As much in each hour: without it nights are quiet and evenings busy, by UTC'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from generate" -l cloud-events -d 'Give each record the headers of CloudEvents (Kafka only)'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from generate" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from generate" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from generate" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand streams; and __fish_seen_subcommand_from generate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand fraud; and not __fish_seen_subcommand_from alerts anomalies patterns payments score evaluate backtest" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand fraud; and not __fish_seen_subcommand_from alerts anomalies patterns payments score evaluate backtest" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and not __fish_seen_subcommand_from alerts anomalies patterns payments score evaluate backtest" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and not __fish_seen_subcommand_from alerts anomalies patterns payments score evaluate backtest" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand fraud; and not __fish_seen_subcommand_from alerts anomalies patterns payments score evaluate backtest" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and not __fish_seen_subcommand_from alerts anomalies patterns payments score evaluate backtest" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and not __fish_seen_subcommand_from alerts anomalies patterns payments score evaluate backtest" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and not __fish_seen_subcommand_from alerts anomalies patterns payments score evaluate backtest" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and not __fish_seen_subcommand_from alerts anomalies patterns payments score evaluate backtest" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and not __fish_seen_subcommand_from alerts anomalies patterns payments score evaluate backtest" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and not __fish_seen_subcommand_from alerts anomalies patterns payments score evaluate backtest" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand fraud; and not __fish_seen_subcommand_from alerts anomalies patterns payments score evaluate backtest" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand fraud; and not __fish_seen_subcommand_from alerts anomalies patterns payments score evaluate backtest" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand fraud; and not __fish_seen_subcommand_from alerts anomalies patterns payments score evaluate backtest" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand fraud; and not __fish_seen_subcommand_from alerts anomalies patterns payments score evaluate backtest" -f -a "alerts" -d 'List and explain alerts'
complete -c bss -n "__fish_bss_using_subcommand fraud; and not __fish_seen_subcommand_from alerts anomalies patterns payments score evaluate backtest" -f -a "anomalies" -d 'List payments with a high fraud score'
complete -c bss -n "__fish_bss_using_subcommand fraud; and not __fish_seen_subcommand_from alerts anomalies patterns payments score evaluate backtest" -f -a "patterns" -d 'Payments by method and status, with their scores'
complete -c bss -n "__fish_bss_using_subcommand fraud; and not __fish_seen_subcommand_from alerts anomalies patterns payments score evaluate backtest" -f -a "payments" -d 'Report payments by status, amount and what is usual'
complete -c bss -n "__fish_bss_using_subcommand fraud; and not __fish_seen_subcommand_from alerts anomalies patterns payments score evaluate backtest" -f -a "score" -d 'Sum up fraud scores'
complete -c bss -n "__fish_bss_using_subcommand fraud; and not __fish_seen_subcommand_from alerts anomalies patterns payments score evaluate backtest" -f -a "evaluate" -d 'Tell how good score and rules are on payments with labels'
complete -c bss -n "__fish_bss_using_subcommand fraud; and not __fish_seen_subcommand_from alerts anomalies patterns payments score evaluate backtest" -f -a "backtest" -d 'Compare the fraud rules with others over recorded payments'
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from alerts" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from alerts" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from alerts" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from alerts" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from alerts" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from alerts" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from alerts" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from alerts" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from alerts" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from alerts" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from alerts" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from alerts" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from alerts" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from alerts" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from alerts" -f -a "list" -d 'List alerts'
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from alerts" -f -a "explain" -d 'Explain one alert'
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from anomalies" -l threshold -d 'Scores above this, 0 to 100; the number itself is not included' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from anomalies" -l customer -d 'Only payments of this customer' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from anomalies" -l currency -d 'Only payments in this currency' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from anomalies" -l limit -d 'At most so many payments' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from anomalies" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from anomalies" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from anomalies" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from anomalies" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from anomalies" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from anomalies" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from anomalies" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from anomalies" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from anomalies" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from anomalies" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from anomalies" -l unscored -d 'List payments without a score instead, newest first'
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from anomalies" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from anomalies" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from anomalies" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from anomalies" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from patterns" -l currency -d 'Only in this currency' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from patterns" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from patterns" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from patterns" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from patterns" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from patterns" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from patterns" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from patterns" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from patterns" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from patterns" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from patterns" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from patterns" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from patterns" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from patterns" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from patterns" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from payments" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from payments" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from payments" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from payments" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from payments" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from payments" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from payments" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from payments" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from payments" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from payments" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from payments" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from payments" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from payments" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from payments" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from payments" -f -a "high-value" -d 'List payments of a high amount'
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from payments" -f -a "status" -d 'Payments by day and status'
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from payments" -f -a "unusual-amounts" -d 'List payments whose amount is unusual for their customer'
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from score" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from score" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from score" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from score" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from score" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from score" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from score" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from score" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from score" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from score" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from score" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from score" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from score" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from score" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from score" -f -a "average" -d 'The mean fraud score'
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from evaluate" -l labels -d 'What payments turned out to be; - is standard input' -r -F
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from evaluate" -l payments -d 'Recorded payments: a file, -, topic:NAME or kafka' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from evaluate" -l threshold -d 'Judge scores above this, 0 to 100 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from evaluate" -l unlisted -d 'What a payment is that no label names [default: genuine if the labels only list frauds]' -r -f -a "genuine\t'It is genuine'
unknown\t'Nothing is known of it'"
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from evaluate" -l label-delay -d 'How long after its payment a label is known that does not say when' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from evaluate" -l known-since -d 'Only frauds paid since then make a customer known' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from evaluate" -l cards -d 'Customers that are looked into each day, for card precision' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from evaluate" -l top -d 'The highest scores of which recall is told, in percent of all' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from evaluate" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from evaluate" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from evaluate" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from evaluate" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from evaluate" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from evaluate" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from evaluate" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from evaluate" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from evaluate" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from evaluate" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from evaluate" -l feedback -d 'Let the rules learn each label once it is known, as in a run'
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from evaluate" -l leave-out-known -d 'On each day leave out customers who are known as defrauded when it begins'
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from evaluate" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from evaluate" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from evaluate" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from evaluate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from backtest" -l rules -d 'The rules to try: TOML with keys of [fraud]' -r -F
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from backtest" -l payments -d 'Recorded payments: a file, -, topic:NAME or kafka' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from backtest" -l labels -d 'What payments turned out to be, as for `fraud evaluate`' -r -F
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from backtest" -l threshold -d 'Judge scores above this, 0 to 100 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from backtest" -l unlisted -d 'What a payment is that no label names [default: genuine if the labels only list frauds]' -r -f -a "genuine\t'It is genuine'
unknown\t'Nothing is known of it'"
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from backtest" -l label-delay -d 'How long after its payment a label is known that does not say when' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from backtest" -l known-since -d 'Only frauds paid since then make a customer known' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from backtest" -l cards -d 'Customers that are looked into each day, for card precision' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from backtest" -l top -d 'The highest scores of which recall is told, in percent of all' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from backtest" -l limit -d 'Show at most so many alerts that only one side has' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from backtest" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from backtest" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from backtest" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from backtest" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from backtest" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from backtest" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from backtest" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from backtest" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from backtest" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from backtest" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from backtest" -l feedback -d 'Let the rules learn each label once it is known, as in a run'
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from backtest" -l leave-out-known -d 'On each day leave out customers who are known as defrauded when it begins'
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from backtest" -l check -d 'Exit 6 if any alert or score differs'
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from backtest" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from backtest" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from backtest" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand fraud; and __fish_seen_subcommand_from backtest" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand events; and not __fish_seen_subcommand_from append read list replay state diff snapshot export import relay verify stats bench groups pending parked archive erase project" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand events; and not __fish_seen_subcommand_from append read list replay state diff snapshot export import relay verify stats bench groups pending parked archive erase project" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand events; and not __fish_seen_subcommand_from append read list replay state diff snapshot export import relay verify stats bench groups pending parked archive erase project" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand events; and not __fish_seen_subcommand_from append read list replay state diff snapshot export import relay verify stats bench groups pending parked archive erase project" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand events; and not __fish_seen_subcommand_from append read list replay state diff snapshot export import relay verify stats bench groups pending parked archive erase project" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand events; and not __fish_seen_subcommand_from append read list replay state diff snapshot export import relay verify stats bench groups pending parked archive erase project" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand events; and not __fish_seen_subcommand_from append read list replay state diff snapshot export import relay verify stats bench groups pending parked archive erase project" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand events; and not __fish_seen_subcommand_from append read list replay state diff snapshot export import relay verify stats bench groups pending parked archive erase project" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand events; and not __fish_seen_subcommand_from append read list replay state diff snapshot export import relay verify stats bench groups pending parked archive erase project" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand events; and not __fish_seen_subcommand_from append read list replay state diff snapshot export import relay verify stats bench groups pending parked archive erase project" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand events; and not __fish_seen_subcommand_from append read list replay state diff snapshot export import relay verify stats bench groups pending parked archive erase project" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand events; and not __fish_seen_subcommand_from append read list replay state diff snapshot export import relay verify stats bench groups pending parked archive erase project" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand events; and not __fish_seen_subcommand_from append read list replay state diff snapshot export import relay verify stats bench groups pending parked archive erase project" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand events; and not __fish_seen_subcommand_from append read list replay state diff snapshot export import relay verify stats bench groups pending parked archive erase project" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand events; and not __fish_seen_subcommand_from append read list replay state diff snapshot export import relay verify stats bench groups pending parked archive erase project" -f -a "append" -d 'Append events to an aggregate'
complete -c bss -n "__fish_bss_using_subcommand events; and not __fish_seen_subcommand_from append read list replay state diff snapshot export import relay verify stats bench groups pending parked archive erase project" -f -a "read" -d 'Read the events of one aggregate'
complete -c bss -n "__fish_bss_using_subcommand events; and not __fish_seen_subcommand_from append read list replay state diff snapshot export import relay verify stats bench groups pending parked archive erase project" -f -a "list" -d 'List the aggregates'
complete -c bss -n "__fish_bss_using_subcommand events; and not __fish_seen_subcommand_from append read list replay state diff snapshot export import relay verify stats bench groups pending parked archive erase project" -f -a "replay" -d 'Walk through the events in their order'
complete -c bss -n "__fish_bss_using_subcommand events; and not __fish_seen_subcommand_from append read list replay state diff snapshot export import relay verify stats bench groups pending parked archive erase project" -f -a "state" -d 'Show what the events of an aggregate say together'
complete -c bss -n "__fish_bss_using_subcommand events; and not __fish_seen_subcommand_from append read list replay state diff snapshot export import relay verify stats bench groups pending parked archive erase project" -f -a "diff" -d 'Show which fields of an aggregate changed'
complete -c bss -n "__fish_bss_using_subcommand events; and not __fish_seen_subcommand_from append read list replay state diff snapshot export import relay verify stats bench groups pending parked archive erase project" -f -a "snapshot" -d 'Take, list, show and verify snapshots'
complete -c bss -n "__fish_bss_using_subcommand events; and not __fish_seen_subcommand_from append read list replay state diff snapshot export import relay verify stats bench groups pending parked archive erase project" -f -a "export" -d 'Write events to a file that `events import` reads'
complete -c bss -n "__fish_bss_using_subcommand events; and not __fish_seen_subcommand_from append read list replay state diff snapshot export import relay verify stats bench groups pending parked archive erase project" -f -a "import" -d 'Put events of a file, or those that Kafka has, into the store'
complete -c bss -n "__fish_bss_using_subcommand events; and not __fish_seen_subcommand_from append read list replay state diff snapshot export import relay verify stats bench groups pending parked archive erase project" -f -a "relay" -d 'Publish events to Kafka as they are stored, each once and in order'
complete -c bss -n "__fish_bss_using_subcommand events; and not __fish_seen_subcommand_from append read list replay state diff snapshot export import relay verify stats bench groups pending parked archive erase project" -f -a "verify" -d 'Prove that the store is whole'
complete -c bss -n "__fish_bss_using_subcommand events; and not __fish_seen_subcommand_from append read list replay state diff snapshot export import relay verify stats bench groups pending parked archive erase project" -f -a "stats" -d 'Show how much the store holds and how long its memory lasts'
complete -c bss -n "__fish_bss_using_subcommand events; and not __fish_seen_subcommand_from append read list replay state diff snapshot export import relay verify stats bench groups pending parked archive erase project" -f -a "bench" -d 'Measure the event store beside the server\'s own commands'
complete -c bss -n "__fish_bss_using_subcommand events; and not __fish_seen_subcommand_from append read list replay state diff snapshot export import relay verify stats bench groups pending parked archive erase project" -f -a "groups" -d 'Run and inspect the consumer groups of the event store'
complete -c bss -n "__fish_bss_using_subcommand events; and not __fish_seen_subcommand_from append read list replay state diff snapshot export import relay verify stats bench groups pending parked archive erase project" -f -a "pending" -d 'See and move the events that a group\'s consumers have not done'
complete -c bss -n "__fish_bss_using_subcommand events; and not __fish_seen_subcommand_from append read list replay state diff snapshot export import relay verify stats bench groups pending parked archive erase project" -f -a "parked" -d 'See and try again the events that a group\'s handler did not take'
complete -c bss -n "__fish_bss_using_subcommand events; and not __fish_seen_subcommand_from append read list replay state diff snapshot export import relay verify stats bench groups pending parked archive erase project" -f -a "archive" -d 'Move old events from the store into files, and read them there'
complete -c bss -n "__fish_bss_using_subcommand events; and not __fish_seen_subcommand_from append read list replay state diff snapshot export import relay verify stats bench groups pending parked archive erase project" -f -a "erase" -d 'Forget the personal fields of an aggregate for good'
complete -c bss -n "__fish_bss_using_subcommand events; and not __fish_seen_subcommand_from append read list replay state diff snapshot export import relay verify stats bench groups pending parked archive erase project" -f -a "project" -d 'Keep a table of what the events add up to'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from append" -l type -d 'What happened, such as CustomerCreated' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from append" -l data -d 'The event as a JSON object' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from append" -l file -d 'Events from a file instead, one JSON object a line: type, data, and eventId, typeVersion, eventTime, correlationId, causationId, actor, metadata if there are; - is standard input' -r -F
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from append" -l expected -d 'What the aggregate must be: any, no-stream, exists, or the revision of its last event' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from append" -l id -d 'The event\'s id; made up if not given' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from append" -l type-version -d 'The version of the form of the data' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from append" -l time -d 'When it happened; when it is stored, if not given' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from append" -l correlation -d 'The conversation it belongs to' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from append" -l causation -d 'What caused it' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from append" -l actor -d 'Who did it' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from append" -l metadata -d 'More about the event as a JSON object' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from append" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from append" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from append" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from append" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from append" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from append" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from append" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from append" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from append" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from append" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from append" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from append" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from append" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from append" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from read" -l from-revision -d 'The first revision to show' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from read" -l to-revision -d 'The last revision to show' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from read" -l limit -d 'At most so many events' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from read" -l archive -d 'Read events that were archived from this folder' -r -F
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from read" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from read" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from read" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from read" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from read" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from read" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from read" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from read" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from read" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from read" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from read" -l backward -d 'The newest first'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from read" -l raw -d 'Show events as they are stored, not in today\'s form'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from read" -l skip-unknown -d 'Leave out events of a version that this program does not know, and count them'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from read" -l open -d 'Open sealed personal fields whose keys are in events.keys_dir'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from read" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from read" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from read" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from read" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from list" -l prefix -d 'Only aggregates whose id begins with this' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from list" -l limit -d 'At most so many' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from list" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from list" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from list" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from list" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from list" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from list" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from list" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from list" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from list" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from list" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from list" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from replay" -l from -d 'Begin with this position: N, or SHARD:N' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from replay" -l from-revision -d 'Begin with this revision of the aggregate' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from replay" -l limit -d 'At most so many events' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from replay" -l type -d 'Only events of these types, such as CustomerCreated or \'Customer*\' (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from replay" -l category -d 'Only events of this type of aggregate, such as customer (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from replay" -l correlation -d 'Only events of this conversation' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from replay" -l causation -d 'Only events that this event or command caused' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from replay" -l actor -d 'Only events of this actor' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from replay" -l archive -d 'Read events that were archived from this folder' -r -F
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from replay" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from replay" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from replay" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from replay" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from replay" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from replay" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from replay" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from replay" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from replay" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from replay" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from replay" -l backward -d 'The newest first'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from replay" -l follow -d 'Go on with new events as they come, until stopped'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from replay" -l raw -d 'Show events as they are stored, not in today\'s form'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from replay" -l skip-unknown -d 'Leave out events of a version that this program does not know, and count them'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from replay" -l open -d 'Open sealed personal fields whose keys are in events.keys_dir'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from replay" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from replay" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from replay" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from replay" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from state" -l at-revision -d 'After this revision' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from state" -l at -d 'After what was stored up to this instant' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from state" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from state" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from state" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from state" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from state" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from state" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from state" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from state" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from state" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from state" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from state" -l skip-unknown -d 'Leave out events of a type or version that this program does not know, and count them'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from state" -l open -d 'Open sealed personal fields whose keys are in events.keys_dir'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from state" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from state" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from state" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from state" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from diff" -l from -d 'Before: a revision, or a time' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from diff" -l to -d 'After: a revision, or a time; the newest event if not given' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from diff" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from diff" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from diff" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from diff" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from diff" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from diff" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from diff" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from diff" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from diff" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from diff" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from diff" -l skip-unknown -d 'Leave out events of a type or version that this program does not know, and count them'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from diff" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from diff" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from diff" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from diff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from snapshot" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from snapshot" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from snapshot" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from snapshot" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from snapshot" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from snapshot" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from snapshot" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from snapshot" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from snapshot" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from snapshot" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from snapshot" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from snapshot" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from snapshot" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from snapshot" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from snapshot" -f -a "take" -d 'Take a snapshot of an aggregate'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from snapshot" -f -a "list" -d 'List the snapshots'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from snapshot" -f -a "show" -d 'Show the snapshot of an aggregate'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from snapshot" -f -a "verify" -d 'Compare snapshots with the events'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from export" -l type -d 'Only events of these types, such as CustomerCreated or \'Customer*\' (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from export" -l category -d 'Only events of this type of aggregate, such as customer (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from export" -l correlation -d 'Only events of this conversation' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from export" -l causation -d 'Only events that this event or command caused' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from export" -l actor -d 'Only events of this actor' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from export" -l archive -d 'Read events that were archived from this folder' -r -F
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from export" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from export" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from export" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from export" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from export" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from export" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from export" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from export" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from export" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from export" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from export" -l force -d 'Take the place of a file that is there'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from export" -l current -d 'Write events in today\'s form, for other programs; `import --renumber` takes such a file, `import` alone finds another content than the chain holds'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from export" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from export" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from export" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from import" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from import" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from import" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from import" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from import" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from import" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from import" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from import" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from import" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from import" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from import" -l from-kafka -d 'Put back what the store lost and Kafka has'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from import" -l plan -d 'Say what --from-kafka would do, and change nothing'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from import" -l renumber -d 'Append the events as new ones, with new positions, revisions and times of recording'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from import" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from import" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from import" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from relay" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from relay" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from relay" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from relay" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from relay" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from relay" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from relay" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from relay" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from relay" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from relay" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from relay" -l drain -d 'Publish what the store holds now, and end'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from relay" -l accept-gap -d 'Go on over events that were trimmed before they were published'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from relay" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from relay" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from relay" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from relay" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from verify" -l limit -d 'Show at most so many findings' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from verify" -l archive -d 'Read events that were archived from this folder' -r -F
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from verify" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from verify" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from verify" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from verify" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from verify" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from verify" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from verify" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from verify" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from verify" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from verify" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from verify" -l kafka -d 'Compare with what is published, too'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from verify" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from verify" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from verify" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from stats" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from stats" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from stats" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from stats" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from stats" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from stats" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from stats" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from stats" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from stats" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from stats" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from stats" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from stats" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from stats" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from stats" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from bench" -l events -d 'Events of each way to append' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from bench" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from bench" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from bench" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from bench" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from bench" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from bench" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from bench" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from bench" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from bench" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from bench" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from bench" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from bench" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from bench" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from bench" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from groups" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from groups" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from groups" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from groups" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from groups" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from groups" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from groups" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from groups" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from groups" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from groups" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from groups" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from groups" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from groups" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from groups" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from groups" -f -a "run" -d 'Run a handler for every event, at least once'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from groups" -f -a "list" -d 'List the consumer groups'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from groups" -f -a "status" -d 'Show how far a group is and what its consumers have'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from groups" -f -a "retire" -d 'Remove a consumer of a group without losing its work'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from groups" -f -a "remove" -d 'Remove a group that is not wanted any more'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from pending" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from pending" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from pending" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from pending" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from pending" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from pending" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from pending" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from pending" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from pending" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from pending" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from pending" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from pending" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from pending" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from pending" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from pending" -f -a "list" -d 'List the events that consumers of a group have and have not done'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from pending" -f -a "claim" -d 'Give pending events that nobody works on to another consumer'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from parked" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from parked" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from parked" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from parked" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from parked" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from parked" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from parked" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from parked" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from parked" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from parked" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from parked" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from parked" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from parked" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from parked" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from parked" -f -a "list" -d 'List the events that a group\'s handler did not take'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from parked" -f -a "replay" -d 'Try parked events of a group again'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from archive" -l before -d 'Events recorded before this' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from archive" -l keep -d 'All but the newest N events of each shard' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from archive" -l upto -d 'Events up to this position, and with it, of its shard: N, or SHARD:N' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from archive" -l dir -d 'The folder of the archive' -r -F
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from archive" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from archive" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from archive" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from archive" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from archive" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from archive" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from archive" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from archive" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from archive" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from archive" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from archive" -l force -d 'Go on beyond what every reader has done: those behind lose the events'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from archive" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from archive" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from archive" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from archive" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from archive" -f -a "list" -d 'List the files of an archive'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from archive" -f -a "verify" -d 'Prove that an archive is whole'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from archive" -f -a "restore" -d 'Put the events of an archive into an empty store'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from erase" -l archive -d 'Read events that were archived from this folder' -r -F
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from erase" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from erase" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from erase" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from erase" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from erase" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from erase" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from erase" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from erase" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from erase" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from erase" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from erase" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from erase" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from erase" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from erase" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from project" -l into -d 'Where it is kept' -r -f -a "timescale\t'The table bss.customers of TimescaleDB'
redis\t'A hash in each shard of the event store, {NAMESPACE:SHARD}:view:customers:live: ID to a row of JSON'"
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from project" -l archive -d 'Read events that were archived from this folder' -r -F
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from project" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from project" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from project" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from project" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from project" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from project" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from project" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from project" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from project" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from project" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from project" -l drain -d 'End when every event is in'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from project" -l rebuild -d 'Build the table anew beside the live one, up to the last event'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from project" -l compare -d 'Compare the table with all events folded anew; exit 6 if anything differs'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from project" -l swap -d 'Put what was built in the place of the live table'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from project" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from project" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from project" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand events; and __fish_seen_subcommand_from project" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand customers; and not __fish_seen_subcommand_from create update change-tier close show" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand customers; and not __fish_seen_subcommand_from create update change-tier close show" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and not __fish_seen_subcommand_from create update change-tier close show" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and not __fish_seen_subcommand_from create update change-tier close show" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand customers; and not __fish_seen_subcommand_from create update change-tier close show" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and not __fish_seen_subcommand_from create update change-tier close show" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and not __fish_seen_subcommand_from create update change-tier close show" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and not __fish_seen_subcommand_from create update change-tier close show" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and not __fish_seen_subcommand_from create update change-tier close show" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and not __fish_seen_subcommand_from create update change-tier close show" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and not __fish_seen_subcommand_from create update change-tier close show" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand customers; and not __fish_seen_subcommand_from create update change-tier close show" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand customers; and not __fish_seen_subcommand_from create update change-tier close show" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand customers; and not __fish_seen_subcommand_from create update change-tier close show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand customers; and not __fish_seen_subcommand_from create update change-tier close show" -f -a "create" -d 'Create a customer'
complete -c bss -n "__fish_bss_using_subcommand customers; and not __fish_seen_subcommand_from create update change-tier close show" -f -a "update" -d 'Change fields of a customer'
complete -c bss -n "__fish_bss_using_subcommand customers; and not __fish_seen_subcommand_from create update change-tier close show" -f -a "change-tier" -d 'Change the tier of a customer'
complete -c bss -n "__fish_bss_using_subcommand customers; and not __fish_seen_subcommand_from create update change-tier close show" -f -a "close" -d 'Close a customer who left'
complete -c bss -n "__fish_bss_using_subcommand customers; and not __fish_seen_subcommand_from create update change-tier close show" -f -a "show" -d 'Show a customer'
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from create" -l name -d 'The customer\'s name' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from create" -l tier -d 'The tier, one of customers.tiers' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from create" -l region -d 'Where the customer is' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from create" -l email -d 'The mail address' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from create" -l phone -d 'The telephone number' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from create" -l address -d 'Where the customer lives' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from create" -l command-id -d 'The command\'s id: given again, it is done once; made up if not given' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from create" -l actor -d 'Who wishes it' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from create" -l correlation -d 'The conversation it belongs to' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from create" -l causation -d 'What caused it' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from create" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from create" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from create" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from create" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from create" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from create" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from create" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from create" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from create" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from create" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from create" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from create" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from create" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from create" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from update" -l name -d 'The customer\'s name' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from update" -l remove -d 'A field that is gone (can be repeated)' -r -f -a "region\t''
email\t''
phone\t''
address\t''"
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from update" -l region -d 'Where the customer is' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from update" -l email -d 'The mail address' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from update" -l phone -d 'The telephone number' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from update" -l address -d 'Where the customer lives' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from update" -l command-id -d 'The command\'s id: given again, it is done once; made up if not given' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from update" -l actor -d 'Who wishes it' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from update" -l correlation -d 'The conversation it belongs to' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from update" -l causation -d 'What caused it' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from update" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from update" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from update" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from update" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from update" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from update" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from update" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from update" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from update" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from update" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from update" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from update" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from update" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from update" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from change-tier" -l reason -d 'Why' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from change-tier" -l command-id -d 'The command\'s id: given again, it is done once; made up if not given' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from change-tier" -l actor -d 'Who wishes it' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from change-tier" -l correlation -d 'The conversation it belongs to' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from change-tier" -l causation -d 'What caused it' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from change-tier" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from change-tier" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from change-tier" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from change-tier" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from change-tier" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from change-tier" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from change-tier" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from change-tier" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from change-tier" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from change-tier" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from change-tier" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from change-tier" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from change-tier" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from change-tier" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from close" -l reason -d 'Why' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from close" -l command-id -d 'The command\'s id: given again, it is done once; made up if not given' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from close" -l actor -d 'Who wishes it' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from close" -l correlation -d 'The conversation it belongs to' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from close" -l causation -d 'What caused it' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from close" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from close" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from close" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from close" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from close" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from close" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from close" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from close" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from close" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from close" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from close" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from close" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from close" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from close" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from show" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from show" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from show" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from show" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from show" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from show" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from show" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from show" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from show" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from show" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from show" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand customers; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand doctor" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand doctor" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand doctor" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand doctor" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand doctor" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand doctor" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand doctor" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand doctor" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand doctor" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand doctor" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand doctor" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand doctor" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand doctor" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand config; and not __fish_seen_subcommand_from show validate" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand config; and not __fish_seen_subcommand_from show validate" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand config; and not __fish_seen_subcommand_from show validate" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand config; and not __fish_seen_subcommand_from show validate" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand config; and not __fish_seen_subcommand_from show validate" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand config; and not __fish_seen_subcommand_from show validate" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand config; and not __fish_seen_subcommand_from show validate" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand config; and not __fish_seen_subcommand_from show validate" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand config; and not __fish_seen_subcommand_from show validate" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand config; and not __fish_seen_subcommand_from show validate" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand config; and not __fish_seen_subcommand_from show validate" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand config; and not __fish_seen_subcommand_from show validate" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand config; and not __fish_seen_subcommand_from show validate" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand config; and not __fish_seen_subcommand_from show validate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand config; and not __fish_seen_subcommand_from show validate" -f -a "show" -d 'Show each value and the layer it came from'
complete -c bss -n "__fish_bss_using_subcommand config; and not __fish_seen_subcommand_from show validate" -f -a "validate" -d 'Check every file, context and secret'
complete -c bss -n "__fish_bss_using_subcommand config; and __fish_seen_subcommand_from show" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand config; and __fish_seen_subcommand_from show" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand config; and __fish_seen_subcommand_from show" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand config; and __fish_seen_subcommand_from show" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand config; and __fish_seen_subcommand_from show" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand config; and __fish_seen_subcommand_from show" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand config; and __fish_seen_subcommand_from show" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand config; and __fish_seen_subcommand_from show" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand config; and __fish_seen_subcommand_from show" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand config; and __fish_seen_subcommand_from show" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand config; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand config; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand config; and __fish_seen_subcommand_from show" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand config; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand config; and __fish_seen_subcommand_from validate" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand config; and __fish_seen_subcommand_from validate" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand config; and __fish_seen_subcommand_from validate" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand config; and __fish_seen_subcommand_from validate" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand config; and __fish_seen_subcommand_from validate" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand config; and __fish_seen_subcommand_from validate" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand config; and __fish_seen_subcommand_from validate" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand config; and __fish_seen_subcommand_from validate" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand config; and __fish_seen_subcommand_from validate" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand config; and __fish_seen_subcommand_from validate" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand config; and __fish_seen_subcommand_from validate" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand config; and __fish_seen_subcommand_from validate" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand config; and __fish_seen_subcommand_from validate" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand config; and __fish_seen_subcommand_from validate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand completions" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand completions" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand completions" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand completions" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand completions" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand completions" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand completions" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand completions" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand completions" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand completions" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand completions" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand completions" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand completions" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c bss -n "__fish_bss_using_subcommand man" -l dir -d 'Write every page into this folder' -r -F
complete -c bss -n "__fish_bss_using_subcommand man" -l config -d 'Read this configuration file instead of the usual ones' -r -F
complete -c bss -n "__fish_bss_using_subcommand man" -l context -d 'Use the settings of [context.NAME]' -r
complete -c bss -n "__fish_bss_using_subcommand man" -l set -d 'Set one configuration key, such as kafka.bootstrap=host:9092 (can be repeated)' -r
complete -c bss -n "__fish_bss_using_subcommand man" -s o -l output -d 'Form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document: `{"meta": ..., "rows": [...]}`'
ndjson\t'One JSON object a line'
csv\t'CSV with a header'
plot\t'Bars, or sparklines over time, of one number column; see --plot'
svg\t'The same as an SVG document'"
complete -c bss -n "__fish_bss_using_subcommand man" -l plot -d 'Draw this number column (the first, if none is named) as bars, or over time as sparklines' -r
complete -c bss -n "__fish_bss_using_subcommand man" -l since -d 'Start of the time range: RFC 3339, a date, or a span before now such as 24h' -r
complete -c bss -n "__fish_bss_using_subcommand man" -l until -d 'End of the time range, not included' -r
complete -c bss -n "__fish_bss_using_subcommand man" -l as-of -d 'Take this instant as now' -r
complete -c bss -n "__fish_bss_using_subcommand man" -l tz -d 'Zone of dates without an offset, and of the display' -r
complete -c bss -n "__fish_bss_using_subcommand man" -l yes -d 'Answer questions with yes; on a production context the context\'s name is needed' -r
complete -c bss -n "__fish_bss_using_subcommand man" -s q -l quiet -d 'Say only the result and errors'
complete -c bss -n "__fish_bss_using_subcommand man" -s v -l verbose -d 'Log more (-v, -vv, -vvv)'
complete -c bss -n "__fish_bss_using_subcommand man" -l no-color -d 'Never use colour or draw bars'
complete -c bss -n "__fish_bss_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
