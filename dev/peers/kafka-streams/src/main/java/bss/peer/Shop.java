package bss.peer;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.utils.Utils;

/**
 * Loads what {@code bss streams generate} makes: the same events for every program, whenever and at
 * whatever pace. With {@code --skew 1} the first of 12 partitions gets 44 % of the customers and the
 * last 3 %.
 */
final class Shop {
    private static final String START = "2026-01-05T08:00:00Z";

    private final Args a;
    private final String prefix;
    private final int partitions;
    private final boolean skew;
    private final Expected expected;

    Shop(Args a, String prefix, int partitions) {
        this.a = a;
        this.prefix = prefix;
        this.partitions = partitions;
        skew = a.number("skew", 0) == 1;
        expected = new Expected(a.number("grace-ms", 600_000));
    }

    /** Loads {@code n} events of these jobs, tables first; at most {@code rate} a second, 0: no limit. */
    void load(String bootstrap, List<Job> jobs, long n, long rate, Path expectation) throws Exception {
        long span = a.number("span-s", 6 * 3600) * 1000;
        String customers = a.text("customers", "50000");
        String products = a.text("products", "2000");
        Set<String> tables = Job.union(jobs, Job::tables);
        try (KafkaProducer<String, byte[]> out = LoadGen.producer(bootstrap, 50)) {
            AtomicLong failed = new AtomicLong();
            // Rows of the catalogue say what demand the events bring: by the events' rate.
            long rows = Long.parseLong(products);
            if (tables.contains("customer.info")) generate(out, failed, List.of("customer-info"), customers, span, 0);
            if (tables.contains("product.catalog")) {
                generate(out, failed, List.of("product-catalog"), products, Math.max(1, span * rows / n), 0);
            }
            out.flush();
            List<String> kinds = Job.union(jobs, Job::inputs).stream().map(s -> s.replace('.', '-')).toList();
            generate(out, failed, kinds, Long.toString(n), span, rate);
            out.flush();
            if (failed.get() > 0) throw new IllegalStateException(failed + " sends failed");
        }
        expected.save(expectation);
    }

    private void generate(KafkaProducer<String, byte[]> out, AtomicLong failed, List<String> kinds, String count, long span, long rate)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(a.need("bss"), "streams", "generate"));
        command.addAll(kinds);
        command.addAll(List.of("--count", count, "--span", span + "ms", "--start", START, "--seed", a.text("seed", "1"),
                "--customers", a.text("customers", "50000"), "--products", a.text("products", "2000"),
                "--max-delay", a.text("max-delay", "30s"), "--fraud-bursts", "0.002", "--output-file", "-"));
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().putAll(Map.of("BSS_KAFKA_TOPIC_PREFIX", prefix, "TERM", "dumb"));
        Process process = builder.start();
        String only = kinds.size() == 1 ? kinds.get(0).replace('-', '.') : null;
        long begin = System.nanoTime();
        long sent = 0;
        try (BufferedReader in = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8), 1 << 16)) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                String subject = only == null ? text(line, "topic").substring(prefix.length() + 1) : only;
                String json = only == null ? line.substring(line.indexOf("\"value\":") + 8, line.length() - 1) : line;
                send(out, failed, subject, json);
                for (sent++; rate > 0 && sent > (System.nanoTime() - begin) * rate / 1_000_000_000L; ) Thread.sleep(1);
            }
        }
        if (process.waitFor() != 0) throw new IllegalStateException("bss streams generate failed");
    }

    private void send(KafkaProducer<String, byte[]> out, AtomicLong failed, String subject, String json) {
        boolean byProduct = subject.equals("product.catalog");
        String key = text(json, byProduct ? "productId" : "customerId");
        int hash = Utils.toPositive(Utils.murmur2(key.getBytes(StandardCharsets.UTF_8)));
        int partition = hash % partitions;
        if (skew && !byProduct) {
            double place = hash / (double) (1L << 31);
            partition = (int) (partitions * place * place * place);
        }
        if (!subject.equals("customer.info") && !byProduct) expected.take(subject, partition, json);
        byte[] value = json.getBytes(StandardCharsets.UTF_8);
        out.send(new ProducerRecord<>(prefix + "." + subject, partition, key, value), (meta, error) -> {
            if (error != null) failed.incrementAndGet();
        });
    }

    private static String text(String json, String field) {
        int at = json.indexOf("\"" + field + "\":\"") + field.length() + 4;
        return json.substring(at, json.indexOf('"', at));
    }
}
