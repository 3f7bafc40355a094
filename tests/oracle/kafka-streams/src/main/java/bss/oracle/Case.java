package bss.oracle;

import static org.apache.kafka.streams.kstream.Suppressed.BufferConfig.unbounded;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.EmitStrategy;
import org.apache.kafka.streams.kstream.ForeachAction;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KGroupedStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.SessionWindows;
import org.apache.kafka.streams.kstream.SlidingWindows;
import org.apache.kafka.streams.kstream.Suppressed;
import org.apache.kafka.streams.kstream.TimeWindowedKStream;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.WindowStore;

/** A case as the topology that answers it; times and sizes in milliseconds. */
record Case(String kind, long size, long advance, long grace, String emit) {
  static final String INPUT = "in";
  private static final String STORE = "windows";

  static Case of(JsonNode line) {
    return new Case(
        line.get("kind").asText(),
        line.get("size").asLong(),
        line.path("advance").asLong(),
        line.get("grace").asLong(),
        line.get("emit").asText());
  }

  Topology topology(ForeachAction<Windowed<String>, Totals> result) {
    StreamsBuilder builder = new StreamsBuilder();
    KGroupedStream<String, Long> input =
        builder.stream(INPUT, Consumed.with(Serdes.String(), Serdes.Long()))
            .groupByKey(Grouped.with(Serdes.String(), Serdes.Long()));
    KTable<Windowed<String>, Totals> table = kind.equals("session") ? sessions(input) : windows(input);
    if (emit.equals("suppress")) {
      table = table.suppress(Suppressed.untilWindowCloses(unbounded()));
    }
    table.toStream().foreach(result);
    return builder.build();
  }

  private EmitStrategy strategy() {
    return emit.equals("close") ? EmitStrategy.onWindowClose() : EmitStrategy.onWindowUpdate();
  }

  private KTable<Windowed<String>, Totals> windows(KGroupedStream<String, Long> input) {
    Duration length = Duration.ofMillis(size);
    Duration late = Duration.ofMillis(grace);
    TimeWindowedKStream<String, Long> windowed =
        switch (kind) {
          case "tumbling" -> input.windowedBy(TimeWindows.ofSizeAndGrace(length, late));
          case "hopping" ->
              input.windowedBy(
                  TimeWindows.ofSizeAndGrace(length, late).advanceBy(Duration.ofMillis(advance)));
          case "sliding" ->
              input.windowedBy(SlidingWindows.ofTimeDifferenceAndGrace(length, late));
          default -> throw new IllegalArgumentException("no windows of the kind " + kind);
        };
    return windowed
        .emitStrategy(strategy())
        .aggregate(
            () -> Totals.NONE,
            (key, value, totals) -> totals.plus(value),
            Materialized.<String, Totals, WindowStore<Bytes, byte[]>>as(STORE)
                .withStoreType(Materialized.StoreType.IN_MEMORY)
                .withKeySerde(Serdes.String())
                .withValueSerde(Totals.serde())
                // whether a record counts is the window's to say, never the store's
                .withRetention(Duration.ofDays(30))
                .withCachingDisabled()
                .withLoggingDisabled());
  }

  private KTable<Windowed<String>, Totals> sessions(KGroupedStream<String, Long> input) {
    // A store that keeps a session longer than it is open lets it be merged into a new one. It
    // must, for EmitStrategy.onWindowClose to find what to emit; else it forgets a session in the
    // millisecond in which that closes.
    Duration retention =
        emit.equals("close") ? Duration.ofDays(30) : Duration.ofMillis(size + grace + 1);
    return input
        .windowedBy(
            SessionWindows.ofInactivityGapAndGrace(Duration.ofMillis(size), Duration.ofMillis(grace)))
        .emitStrategy(strategy())
        .aggregate(
            () -> Totals.NONE,
            (key, value, totals) -> totals.plus(value),
            (key, one, two) -> one.plus(two),
            Materialized.<String, Totals, SessionStore<Bytes, byte[]>>as(STORE)
                .withStoreType(Materialized.StoreType.IN_MEMORY)
                .withKeySerde(Serdes.String())
                .withValueSerde(Totals.serde())
                .withRetention(retention)
                .withCachingDisabled()
                .withLoggingDisabled());
  }
}
