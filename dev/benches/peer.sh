# What the benches beside Kafka Streams share: broker, builds, and how Bench.java is called. Sourced.
# shellcheck shell=bash
# shellcheck source=dev/services/process.sh
source "$(dirname "${BASH_SOURCE[0]}")/../services/process.sh"

peer=$BSS_ROOT/dev/peers/kafka-streams
ceilings=$BSS_ROOT/dev/benches/ceilings
bss=$BSS_ROOT/target/release/bss
out=$BSS_DEV_DIR/bench

# prepare OPTIONS...: a broker that runs and programs that are built. --bss FILE is taken as it is.
prepare() {
  "$BSS_ROOT/dev/prerequisites"
  # A broker that already runs keeps its heap: dev/down kafka first for the 1 GiB of the figures.
  BSS_DEV_KAFKA_HEAP=${BSS_BENCH_KAFKA_HEAP:-1g} "$BSS_ROOT/dev/up" kafka
  (cd "$peer" && mvn -q -B package)
  case " $* " in
    *" --bss "*) ;;
    *) cargo build --release --locked --quiet --manifest-path "$BSS_ROOT/Cargo.toml" ;;
  esac
  mkdir -p "$out"
}

# bench COMMAND OPTIONS...: the last of options that are given twice counts.
bench() {
  java -Xmx1g -cp "$peer/target/classes:$peer/target/lib/*" bss.peer.Bench "$1" \
    --bootstrap "127.0.0.1:$BSS_DEV_KAFKA_PORT" --bss "$bss" \
    --ceilings "$ceilings/target/release/ceilings" --dir "$out" --log "$out/streams.jsonl" "${@:2}"
}

# topologies: those that this bss has, separated by commas.
topologies() {
  "$1" streams list -o csv --quiet | awk -F, 'NR > 1 { printf "%s%s", sep, $1; sep = "," }'
}
