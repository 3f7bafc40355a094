package bss.oracle;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Joined;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.state.Stores;

/**
 * A case of joining a stream with a table, left, as of event time: the table's store is versioned.
 * Several joins of the same two, one without and one for each period of grace; times in
 * milliseconds.
 */
record Joins(List<Long> graces, long history) {
  static final String STREAM = "stream";
  static final String TABLE = "table";

  /** What a join gives: the number of the join, the stream's value and the table's. */
  interface Result {
    void joined(int join, String left, String right);
  }

  static Joins of(JsonNode line) {
    List<Long> graces = new ArrayList<>();
    line.get("graces").forEach(grace -> graces.add(grace.asLong()));
    return new Joins(graces, line.get("history").asLong());
  }

  Topology topology(Result result) {
    StreamsBuilder builder = new StreamsBuilder();
    KTable<String, String> table =
        builder.table(
            TABLE,
            Consumed.with(Serdes.String(), Serdes.String()),
            Materialized.<String, String>as(
                    Stores.persistentVersionedKeyValueStore("rows", Duration.ofMillis(history)))
                .withKeySerde(Serdes.String())
                .withValueSerde(Serdes.String())
                .withLoggingDisabled());
    KStream<String, String> stream =
        builder.stream(STREAM, Consumed.with(Serdes.String(), Serdes.String()));
    join(stream, table, 0, named("at-once"), result);
    for (int nth = 0; nth < graces.size(); nth++) {
      Duration grace = Duration.ofMillis(graces.get(nth));
      join(stream, table, nth + 1, named("grace-" + nth).withGracePeriod(grace), result);
    }
    return builder.build();
  }

  private static Joined<String, String, String> named(String name) {
    return Joined.with(Serdes.String(), Serdes.String(), Serdes.String(), name);
  }

  private static void join(
      KStream<String, String> stream,
      KTable<String, String> table,
      int join,
      Joined<String, String, String> joined,
      Result result) {
    stream
        .leftJoin(table, (left, right) -> new String[] {left, right}, joined)
        .foreach((key, both) -> result.joined(join, both[0], both[1]));
  }
}
