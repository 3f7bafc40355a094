package bss.peer;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.Writer;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import net.openhft.hashing.LongHashFunction;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Counts and sums over the committed outputs, by name; independent of the order of records and of
 * partitions, so that two programs' outputs can be compared.
 */
final class Summary {
    private static final JsonFactory JSON = new JsonFactory();
    private static final LongHashFunction XXH3 = LongHashFunction.xx3();

    /** Summed up, amounts in ten-thousandths. */
    private static final List<String> SUMS = List.of("totalAmount", "revenue", "amount", "amounts", "activityScore", "metricValue");
    private static final List<String> COUNTS = List.of("count", "orders", "ordersCount", "itemsCount", "durationMs", "units", "orderCount", "views");
    /** Of these, whole values hold floats that round differently. */
    private static final List<String> FLOATS = List.of("pricing.recommendations");

    final TreeMap<String, Long> values = new TreeMap<>();

    static KafkaConsumer<byte[], byte[]> reader(String bootstrap) {
        Properties p = new Properties();
        p.put("bootstrap.servers", bootstrap);
        p.put("isolation.level", "read_committed");
        p.put("enable.auto.commit", "false");
        p.put("fetch.max.wait.ms", "20");
        p.put("allow.auto.create.topics", "false");
        return new KafkaConsumer<>(p, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    static List<TopicPartition> partitions(KafkaConsumer<?, ?> c, String topic) {
        return c.partitionsFor(topic).stream().map(i -> new TopicPartition(topic, i.partition())).toList();
    }

    /** Reads the outputs of these subjects; {@code dump} (may be null) gets a line for each record. */
    static Summary read(String bootstrap, String prefix, Collection<String> subjects, Writer dump) throws IOException {
        Summary s = new Summary();
        for (String topic : subjects.stream().map(one -> prefix + "." + one).toList()) {
            String name = topic.substring(prefix.length() + 1);
            s.add(name + " records", 0);
            try (KafkaConsumer<byte[], byte[]> c = reader(bootstrap)) {
                List<TopicPartition> ps = partitions(c, topic);
                c.assign(ps);
                c.seekToBeginning(ps);
                Map<TopicPartition, Long> end = c.endOffsets(ps);
                while (ps.stream().anyMatch(p -> c.position(p) < end.get(p))) {
                    for (ConsumerRecord<byte[], byte[]> r : c.poll(Duration.ofMillis(100))) s.take(name, r, dump);
                }
            }
        }
        return s;
    }

    private void add(String name, long value) {
        values.merge(name, value, Long::sum);
    }

    private static String header(ConsumerRecord<?, ?> r, String name) {
        Header h = r.headers().lastHeader(name);
        return h == null ? "" : new String(h.value(), StandardCharsets.UTF_8);
    }

    private void take(String name, ConsumerRecord<byte[], byte[]> r, Writer dump) throws IOException {
        Map<String, String> fields = fields(r.value());
        String key = r.key() == null ? "" : new String(r.key(), StandardCharsets.UTF_8);
        String id = key + "|" + header(r, "ce_id") + "|" + header(r, "ce_type") + "|" + header(r, "ce_time");
        add(name + " records", 1);
        add(name + " ids", XXH3.hashBytes(id.getBytes(StandardCharsets.UTF_8)));
        add(name + " headers", r.headers().toArray().length);
        add(name + " bytes", r.value().length);
        add(name + " values", XXH3.hashBytes(r.value()));
        for (String sum : SUMS) if (fields.containsKey(sum)) add(name + " " + sum, new BigDecimal(fields.get(sum)).movePointRight(4).longValue());
        for (String count : COUNTS) if (fields.containsKey(count)) add(name + " " + count, Long.parseLong(fields.get(count)));
        if (fields.containsKey("fraudScore")) add(name + " score", thousandths(fields.get("fraudScore")));
        if (fields.containsKey("score")) add(name + " score", thousandths(fields.get("score")));
        if (fields.containsKey("rule")) add(name + " " + fields.get("rule") + " " + fields.get("severity"), 1);
        if (fields.containsKey("level")) add(name + " " + fields.get("level"), 1);
        if (dump != null) {
            dump.write(name + "\t" + id + "\t" + new String(r.value(), StandardCharsets.UTF_8) + "\n");
        }
    }

    private static long thousandths(String score) {
        return new BigDecimal(score).movePointRight(3).longValueExact();
    }

    /** The fields of the outermost object that are texts or numbers, and the sum of amounts by currency. */
    private static Map<String, String> fields(byte[] json) throws IOException {
        Map<String, String> fields = new HashMap<>();
        try (JsonParser in = JSON.createParser(json)) {
            in.nextToken();
            while (in.nextToken() == JsonToken.FIELD_NAME) {
                String name = in.currentName();
                if (in.nextToken().isScalarValue()) fields.put(name, in.getText());
                else if (name.equals("amounts")) fields.put(name, sum(in).toPlainString());
                else in.skipChildren();
            }
        }
        return fields;
    }

    private static BigDecimal sum(JsonParser in) throws IOException {
        BigDecimal sum = BigDecimal.ZERO;
        while (in.nextToken() == JsonToken.FIELD_NAME) {
            in.nextToken();
            sum = sum.add(new BigDecimal(in.getText()));
        }
        return sum;
    }

    void save(Path file) throws IOException {
        try (Writer out = Files.newBufferedWriter(file)) {
            for (Map.Entry<String, Long> e : values.entrySet()) out.write(e.getKey() + "\t" + e.getValue() + "\n");
        }
    }

    static Summary load(Path file) throws IOException {
        Summary s = new Summary();
        for (String line : Files.readAllLines(file)) {
            int tab = line.indexOf('\t');
            s.values.put(line.substring(0, tab), Long.parseLong(line.substring(tab + 1)));
        }
        return s;
    }

    /** Prints both side by side; whether they are equal in all that must be. */
    boolean same(Summary other) {
        TreeMap<String, Long> names = new TreeMap<>(values);
        names.putAll(other.values);
        boolean same = true;
        for (String name : names.keySet()) {
            long mine = values.getOrDefault(name, 0L);
            long theirs = other.values.getOrDefault(name, 0L);
            String subject = name.substring(0, name.indexOf(' '));
            boolean whole = name.endsWith(" values") || name.endsWith(" bytes");
            boolean binding = Job.comparable(subject) && !(whole && FLOATS.contains(subject));
            boolean equal = mine == theirs;
            same &= equal || !binding;
            String verdict = equal ? "equal" : binding ? "DIFFERENT" : "differs (not binding)";
            System.out.printf("%-42s %22d %22d  %s%n", name, mine, theirs, verdict);
        }
        System.out.println(same ? "the outputs agree" : "the outputs DISAGREE");
        return same;
    }
}
