package bss.peer;

import java.time.Duration;
import java.util.List;
import java.util.Properties;
import java.util.Scanner;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.AutoOffsetReset;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.LogAndContinueExceptionHandler;
import org.apache.kafka.streams.processor.TimestampExtractor;
import org.apache.kafka.streams.state.Stores;

/**
 * Runs topologies until it is stopped; the word {@code end} on standard input closes all windows.
 *
 * <p>{@code --topologies fraud-detection,customer-activity,... --grace-ms --grace-behind-ms --bootstrap --app --prefix --state-dir --guarantee exactly_once_v2 --threads 2
 * --commit-ms 100 --cache-mb 64 --linger-ms 20 --instance-id NAME --session-ms 10000}
 */
public final class Main {
    private Main() {}

    static Topology topology(Args a) {
        String prefix = a.text("prefix", "bss");
        Wiring w = new Wiring(a.need("app"), prefix, Duration.ofMillis(a.number("grace-ms", 600_000)),
                Duration.ofMillis(a.number("grace-behind-ms", Duration.ofDays(60).toMillis())));
        List<String> names = List.of(a.text("topologies", "fraud-detection").split(","));
        for (String name : names) {
            switch (name) {
                case "customer-activity" -> ActivityTopology.build(w);
                case "order-enrichment" -> OrderTopology.build(w);
                case "recommendation" -> RecommendationTopology.build(w);
                case "dynamic-pricing" -> PricingTopology.build(w);
                case "fraud-detection" -> {}
                default -> throw new IllegalArgumentException("no topology is named " + name);
            }
        }
        Topology t = w.topology();
        if (names.contains("fraud-detection")) fraudDetection(t, prefix);
        return t;
    }

    private static void fraudDetection(Topology t, String prefix) {
        TimestampExtractor eventTime =
                (record, before) -> record.value() instanceof Payment p ? p.time : record.timestamp();
        t.addSource(AutoOffsetReset.earliest(), "payments", eventTime, new StringDeserializer(), Payment.deserializer(), prefix + ".payment.events");
        t.addProcessor("fraud-detection", FraudProcessor::new, "payments");
        t.addStateStore(Stores.keyValueStoreBuilder(
                        Stores.persistentKeyValueStore(FraudProcessor.STORE), Serdes.String(), StateSerde.serde())
                .withCachingEnabled(), "fraud-detection");
        for (String[] sink : new String[][] {
            {FraudProcessor.METRICS, ".payment.metrics"},
            {FraudProcessor.ALERTS, ".fraud.alerts"},
            {FraudProcessor.HIGH_RISK, ".fraud.high-risk"}
        }) {
            t.addSink(sink[0], prefix + sink[1], new StringSerializer(), Serdes.ByteArray().serializer(), "fraud-detection");
        }
    }

    static Properties settings(Args a) {
        Properties p = new Properties();
        p.put(StreamsConfig.APPLICATION_ID_CONFIG, a.need("app"));
        p.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, a.text("bootstrap", "127.0.0.1:19092"));
        p.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, a.text("guarantee", StreamsConfig.EXACTLY_ONCE_V2));
        p.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, (int) a.number("threads", 2));
        p.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, a.number("commit-ms", 100));
        p.put(StreamsConfig.STATE_DIR_CONFIG, a.need("state-dir"));
        p.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, a.number("cache-mb", 64) << 20);
        p.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
        p.put(StreamsConfig.DESERIALIZATION_EXCEPTION_HANDLER_CLASS_CONFIG, LogAndContinueExceptionHandler.class);
        p.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
        p.put(StreamsConfig.consumerPrefix(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG), (int) a.number("session-ms", 10_000));
        p.put(StreamsConfig.consumerPrefix(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG), a.text("instance-id", "one"));
        p.put(StreamsConfig.producerPrefix(ProducerConfig.COMPRESSION_TYPE_CONFIG), "lz4");
        p.put(StreamsConfig.producerPrefix(ProducerConfig.BATCH_SIZE_CONFIG), 128 * 1024);
        p.put(StreamsConfig.producerPrefix(ProducerConfig.LINGER_MS_CONFIG), (int) a.number("linger-ms", 20));
        p.put(StreamsConfig.producerPrefix(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG), 10_000);
        return p;
    }

    public static void main(String[] args) throws Exception {
        Args a = new Args(args, 0);
        KafkaStreams streams = new KafkaStreams(topology(a), settings(a));
        CountDownLatch done = new CountDownLatch(1);
        AtomicBoolean failed = new AtomicBoolean();
        streams.setStateListener((now, before) -> {
            System.out.println(System.currentTimeMillis() + " " + before + " -> " + now);
            if (now != KafkaStreams.State.ERROR) return;
            failed.set(true);
            done.countDown();
        });
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            streams.close(Duration.ofSeconds(20));
            done.countDown();
        }));
        streams.start();
        Thread listener = new Thread(() -> new Scanner(System.in).forEachRemaining(word -> Wiring.ended |= word.equals("end")), "input");
        listener.setDaemon(true);
        listener.start();
        done.await();
        if (failed.get()) Runtime.getRuntime().halt(1);
    }
}
