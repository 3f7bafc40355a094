package bss.peer;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.utils.Utils;

/**
 * fraud-detection with the state of many customers, killed (as kill -9) while payments come at a
 * steady rate: how long until somebody who reads committed records sees the first output of a
 * payment sent after the kill, and until there is one of each input partition.
 *
 * <p>restart: the same instance starts again at once. takeover: another instance, which ran beside
 * it, takes its partitions; its own go on meanwhile, so that only the second time tells something.
 */
final class Recovery extends Rig {
    private static final List<Job> FRAUD = Job.of("fraud-detection");

    Recovery(Args a, Admin admin) {
        super(a, admin);
    }

    void measure() throws Exception {
        for (String who : a.text("contestants", "peer,bss").split(",")) {
            for (String how : a.text("cases", "restart,takeover").split(",")) one(who, how);
        }
    }

    private void one(String who, String how) throws Exception {
        freshInputs(FRAUD);
        freshOutputs(FRAUD);
        String app = application(who);
        ownTopics(who, app, FRAUD);
        fill(a.number("keys", 1_000_000));
        Contestant first = start(who, app, "one", FRAUD, false);
        Contestant second = null;
        try (Sender sender = new Sender(bootstrap, prefix + ".payment.events", a.number("rate", 1000),
                new Payments(9, (int) a.number("keys", 1_000_000), a.number("rate", 1000), true))) {
            caughtUp(who, app, first);
            if (how.equals("takeover")) {
                second = start(who, app, "two", FRAUD, false);
                Thread.sleep(a.number("settle-s", 20) * 1000);
                caughtUp(who, app, second);
            }
            sender.start();
            Map<Integer, Long> before = seen(System.currentTimeMillis(), 60_000);
            if (before.size() < partitions) throw new IllegalStateException(who + ": outputs of " + before.size() + " partitions only");
            // Let commits and checkpoints go their way.
            Thread.sleep(a.number("run-s", 5) * 1000);
            first.kill();
            long killed = System.currentTimeMillis();
            if (how.equals("restart")) first = start(who, app, "one", FRAUD, false);
            Map<Integer, Long> after = seen(killed, a.number("timeout-s", 120) * 1000);
            long earliest = after.values().stream().mapToLong(t -> t).min().orElse(-1);
            long latest = after.size() < partitions ? -1 : after.values().stream().mapToLong(t -> t).max().orElse(-1);
            say(text("name", who + " " + how, "keys", a.number("keys", 1_000_000), "first_s", number((earliest - killed) / 1000.0),
                    "all_partitions_s", latest < 0 ? "never" : number((latest - killed) / 1000.0), "load", machineLoad()));
            boolean restart = how.equals("restart");
            if (who.equals("bss")) ratio("bss, " + how + ", seconds", ((restart ? earliest : latest) - killed) / 1000.0, restart ? 2 : 12, true);
        } finally {
            first.close();
            if (second != null) second.close();
            forget(app);
        }
    }

    /** One payment of each customer, in the hour before now. */
    private void fill(long keys) {
        Payments payments = new Payments(1, 1, 1, true);
        long now = System.currentTimeMillis();
        try (KafkaProducer<String, byte[]> out = LoadGen.producer(bootstrap, 50)) {
            for (long i = 0; i < keys; i++) {
                Payments.Event e = payments.of((int) i, now - 3_600_000 + i * 3_000_000 / keys);
                out.send(new ProducerRecord<>(prefix + ".payment.events", e.key(), e.json().getBytes(StandardCharsets.UTF_8)));
            }
        }
    }

    private void caughtUp(String who, String app, Contestant c) throws Exception {
        Map<TopicPartition, Long> ends = topics.ends(Job.topics(prefix, Job.union(FRAUD, Job::inputs)));
        while (progress(who, app, FRAUD, ends).inputs() < total(who, FRAUD, ends)) {
            c.failIfFailed();
            Thread.sleep(100);
        }
    }

    /** When an output of a payment sent after {@code since} was first seen, by input partition. */
    private Map<Integer, Long> seen(long since, long patience) throws Exception {
        Map<Integer, Long> seen = new HashMap<>();
        try (KafkaConsumer<byte[], byte[]> reader = Summary.reader(bootstrap)) {
            List<TopicPartition> ps = Summary.partitions(reader, prefix + ".payment.metrics");
            reader.assign(ps);
            reader.seekToEnd(ps);
            for (TopicPartition one : ps) reader.position(one);
            while (seen.size() < partitions && System.currentTimeMillis() < since + patience) {
                for (ConsumerRecord<byte[], byte[]> r : reader.poll(Duration.ofMillis(10))) {
                    String time = new String(r.headers().lastHeader("ce_time").value(), StandardCharsets.UTF_8);
                    if (Instant.parse(time).toEpochMilli() < since) continue;
                    String json = new String(r.value(), StandardCharsets.UTF_8);
                    int at = json.indexOf("\"customerId\":\"") + 14;
                    byte[] customer = json.substring(at, json.indexOf('"', at)).getBytes(StandardCharsets.UTF_8);
                    seen.putIfAbsent(Utils.toPositive(Utils.murmur2(customer)) % partitions, System.currentTimeMillis());
                }
            }
        }
        return seen;
    }
}
