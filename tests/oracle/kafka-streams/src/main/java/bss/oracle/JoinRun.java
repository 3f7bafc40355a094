package bss.oracle;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.util.Properties;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TopologyTestDriver;

/**
 * One topology of joins, and its cases one after the other: opening its RocksDBs takes as long as a
 * hundred cases. Each has keys of its own, and times behind all those of the one before, so that no
 * case can see another.
 */
final class JoinRun implements AutoCloseable {
  /** A key that no case has; its record ends all waits. */
  private static final String END = "~end";

  private static final long FAR = 10L * 24 * 60 * 60 * 1000;

  private final TopologyTestDriver driver;
  private final TestInputTopic<String, String> stream;
  private final TestInputTopic<String, String> table;
  private ArrayNode results;
  private int step;
  private int cases;
  private long latest;

  JoinRun(Joins joins, Properties configuration) {
    driver = new TopologyTestDriver(joins.topology(this::joined), configuration);
    stream = driver.createInputTopic(Joins.STREAM, new StringSerializer(), new StringSerializer());
    table = driver.createInputTopic(Joins.TABLE, new StringSerializer(), new StringSerializer());
  }

  private void joined(int join, String left, String right) {
    if (!left.equals(END)) {
      results.addArray().add(step).add(join).add(left).add(right);
    }
  }

  /** Adds the results of a case's records. */
  void answer(JsonNode records, ArrayNode to) {
    results = to;
    cases++;
    long earliest = Long.MAX_VALUE;
    for (JsonNode record : records) {
      earliest = Math.min(earliest, record.get(2).asLong());
    }
    long later = cases == 1 ? 0 : latest + FAR - earliest;
    step = 0;
    for (JsonNode record : records) {
      long time = record.get(2).asLong() + later;
      latest = Math.max(latest, time);
      var topic = record.get(0).asText().equals(Joins.TABLE) ? table : stream;
      topic.pipeInput(cases + "/" + record.get(1).asText(), record.get(3).textValue(), time);
      step++;
    }
    latest += FAR;
    stream.pipeInput(END, END, latest);
  }

  @Override
  public void close() {
    driver.close();
  }
}
