package bss.oracle;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.common.serialization.LongSerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TopologyTestDriver;

/**
 * Answers cases of windowed aggregation and of joins with Kafka Streams: one case a line in (a file,
 * or standard input), one answer a line out (standard output), in JSON.
 *
 * <p>Windows, in: {@code case}, {@code kind}, {@code size} (the gap of sessions), {@code advance}, {@code
 * grace}, {@code emit} (suppress, close or updates), {@code records} of [key, time, value]. Out:
 * {@code case}, {@code dropped} (the metric), {@code results} of [step, key, start, end, count, sum,
 * min, max], without the last four where a window is withdrawn. The step is the number of the record
 * that brought the result; the last one is of the record that ends the input.
 *
 * <p>Joins, in: {@code case}, {@code kind} (join), {@code graces}, {@code history} (how long the
 * table's store keeps what was), {@code records} of [stream or table, key, time, value]. Out: {@code
 * case}, {@code results} of [step, join, left, right]; join 0 is without grace.
 */
public final class Oracle {
  /** A key and a time that no case has; it closes all windows. */
  private static final String END = "~end";

  private static final long FAR = 10L * 24 * 60 * 60 * 1000;

  private final ObjectMapper mapper = new ObjectMapper();
  private final Map<Joins, JoinRun> joins = new HashMap<>();
  private int step;

  public static void main(String[] args) throws IOException {
    Oracle oracle = new Oracle();
    try (BufferedReader in =
            args.length > 0
                ? Files.newBufferedReader(Path.of(args[0]))
                : new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintWriter out = new PrintWriter(System.out, false, StandardCharsets.UTF_8)) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        JsonNode question = oracle.mapper.readTree(line);
        boolean join = question.get("kind").asText().equals("join");
        out.println(join ? oracle.joined(question) : oracle.answer(question));
      }
      oracle.joins.values().forEach(JoinRun::close);
    }
  }

  private ObjectNode answer(JsonNode question) {
    ObjectNode answer = mapper.createObjectNode();
    answer.set("case", question.get("case"));
    ArrayNode results = mapper.createArrayNode();
    var topology =
        Case.of(question)
            .topology(
                (window, totals) -> {
                  if (window.key().equals(END)) {
                    return;
                  }
                  ArrayNode result = results.addArray().add(step).add(window.key());
                  result.add(window.window().start()).add(window.window().end());
                  if (totals != null) {
                    result.add(totals.count()).add(totals.sum());
                    result.add(totals.min()).add(totals.max());
                  }
                });
    try (TopologyTestDriver driver = new TopologyTestDriver(topology, configuration())) {
      TestInputTopic<String, Long> input =
          driver.createInputTopic(Case.INPUT, new StringSerializer(), new LongSerializer());
      long latest = 0;
      step = 0;
      for (JsonNode record : question.get("records")) {
        long time = record.get(1).asLong();
        input.pipeInput(record.get(0).asText(), record.get(2).asLong(), time);
        latest = Math.max(latest, time);
        step++;
      }
      answer.put("dropped", dropped(driver));
      input.pipeInput(END, 0L, latest + FAR);
    }
    answer.set("results", results);
    return answer;
  }

  private ObjectNode joined(JsonNode question) {
    ObjectNode answer = mapper.createObjectNode();
    answer.set("case", question.get("case"));
    String state = "target/state/" + joins.size();
    joins
        .computeIfAbsent(Joins.of(question), one -> new JoinRun(one, configuration(state)))
        .answer(question.get("records"), answer.putArray("results"));
    return answer;
  }

  private static Properties configuration(String state) {
    Properties properties = configuration();
    // one that is open locks its own, and the one in /tmp is that of all checkouts
    properties.put(StreamsConfig.STATE_DIR_CONFIG, state);
    return properties;
  }

  private static Properties configuration() {
    Properties properties = new Properties();
    properties.put(StreamsConfig.APPLICATION_ID_CONFIG, "oracle");
    properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "nowhere:1");
    // else EmitStrategy.onWindowClose looks for closed windows once a second of wall-clock time
    properties.put(
        StreamsConfig.InternalConfig.EMIT_INTERVAL_MS_KSTREAMS_WINDOWED_AGGREGATION, 0L);
    return properties;
  }

  private static long dropped(TopologyTestDriver driver) {
    double total = 0;
    for (var metric : driver.metrics().entrySet()) {
      if (metric.getKey().name().equals("dropped-records-total")) {
        total += (Double) metric.getValue().metricValue();
      }
    }
    return (long) total;
  }
}
