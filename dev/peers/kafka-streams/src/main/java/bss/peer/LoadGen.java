package bss.peer;

import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Preloads seeded payments into {@code PREFIX.payment.events}, which it makes anew, or writes them
 * to a file of one JSON a line.
 *
 * <p>{@code --bootstrap --prefix --partitions 12 --n --customers 50000 --seed 1 --t0 MS --span-ms MS
 * --out FILE}. Event times advance evenly over the span. Kafka's own timestamp is the wall clock:
 * old ones would be deleted by retention.
 */
public final class LoadGen {
    /** 2026-01-01T00:00:00Z: in the past, and the same every time. */
    static final long T0 = 1_767_225_600_000L;

    private LoadGen() {}

    static KafkaProducer<String, byte[]> producer(String bootstrap, int lingerMs) {
        Properties p = new Properties();
        p.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
        p.put(ProducerConfig.COMPRESSION_TYPE_CONFIG, "lz4");
        p.put(ProducerConfig.BATCH_SIZE_CONFIG, lingerMs > 10 ? 256 * 1024 : 64 * 1024);
        p.put(ProducerConfig.LINGER_MS_CONFIG, lingerMs);
        p.put(ProducerConfig.BUFFER_MEMORY_CONFIG, 128L << 20);
        return new KafkaProducer<>(p, new StringSerializer(), new ByteArraySerializer());
    }

    interface Sink extends AutoCloseable {
        void put(Payments.Event event) throws IOException;

        @Override
        void close() throws IOException;
    }

    static Sink file(String path) throws IOException {
        Writer out = Files.newBufferedWriter(Path.of(path));
        return new Sink() {
            @Override
            public void put(Payments.Event event) throws IOException {
                out.write(event.json());
                out.write('\n');
            }

            @Override
            public void close() throws IOException {
                out.close();
            }
        };
    }

    static Sink topic(String bootstrap, String topic) {
        KafkaProducer<String, byte[]> out = producer(bootstrap, 50);
        AtomicLong failed = new AtomicLong();
        return new Sink() {
            @Override
            public void put(Payments.Event event) {
                byte[] json = event.json().getBytes(StandardCharsets.UTF_8);
                out.send(new ProducerRecord<>(topic, event.key(), json), (meta, error) -> {
                    if (error != null) failed.incrementAndGet();
                });
            }

            @Override
            public void close() {
                out.close();
                if (failed.get() > 0) throw new IllegalStateException(failed + " sends failed");
            }
        };
    }

    public static void main(String[] args) throws Exception {
        Args a = new Args(args, 0);
        long n = a.number("n", 1_000_000);
        long t0 = a.number("t0", T0);
        long span = a.number("span-ms", 3 * 3_600_000);
        String bootstrap = a.text("bootstrap", "127.0.0.1:19092");
        String topic = a.text("prefix", "bss") + ".payment.events";
        String path = a.text("out", "");
        int customers = (int) a.number("customers", 50_000);
        Payments payments =
                new Payments(a.number("seed", 1), customers, n * 1000.0 / span, false);
        if (path.isEmpty()) {
            try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
                Topics topics = new Topics(admin);
                topics.delete(List.of(topic));
                topics.create(topic, (int) a.number("partitions", 12), Map.of());
            }
        }
        long begin = System.nanoTime();
        long bytes = 0;
        try (Sink sink = path.isEmpty() ? topic(bootstrap, topic) : file(path)) {
            for (long i = 0; i < n; i++) {
                Payments.Event event = payments.next(t0 + (long) ((double) span * i / n));
                bytes += event.json().length();
                sink.put(event);
            }
        }
        double seconds = (System.nanoTime() - begin) / 1e9;
        System.out.printf("{\"name\":\"preload\",\"to\":\"%s\",\"events\":%d,\"bytes\":%d,\"seconds\":%.2f}%n",
                path.isEmpty() ? topic : path, n, bytes, seconds);
    }
}
