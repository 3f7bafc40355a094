package bss.peer;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;

/** How long alerts take at a steady rate. */
final class Latency extends Rig {
    private static final List<Job> FRAUD = Job.of("fraud-detection");

    Latency(Args a, Admin admin) {
        super(a, admin);
    }

    void measure() throws Exception {
        Map<String, double[]> p = new LinkedHashMap<>();
        for (String who : a.text("contestants", "peer,bss").split(",")) {
            freshInputs(FRAUD);
            freshOutputs(FRAUD);
            String app = application(who);
            ownTopics(who, app, FRAUD);
            try (Contestant c = start(who, app, "one", FRAUD, false)) {
                Thread.sleep(a.number("start-s", 8) * 1000);
                List<Long> took = alerts(c);
                c.failIfFailed();
                Collections.sort(took);
                int n = took.size();
                if (n == 0) throw new IllegalStateException("no alerts from " + who);
                double[] q = {took.get(n / 2), took.get((int) (n * 0.9)), took.get((int) (n * 0.99)), took.get(n - 1)};
                p.put(who, q);
                say(text("name", who + " latency", "rate", a.number("rate", 5000), "alerts", n, "p50_ms", (long) q[0],
                        "p90_ms", (long) q[1], "p99_ms", (long) q[2], "max_ms", (long) q[3], "cpu_s", number(c.cpu()),
                        "peak_rss_mb", c.peakMb(), "load", machineLoad()));
            } finally {
                forget(app);
            }
        }
        if (p.containsKey("bss")) {
            ratio("bss, p50 ms", p.get("bss")[0], 30, true);
            ratio("bss, p99 ms", p.get("bss")[2], 100, true);
        }
        if (p.containsKey("bss") && p.containsKey("peer")) {
            ratio("bss / peer, p50", p.get("bss")[0] / p.get("peer")[0], 1.0 / 3, true);
            ratio("bss / peer, p99", p.get("bss")[2] / p.get("peer")[2], 1.0 / 3, true);
        }
    }

    private List<Long> alerts(Contestant c) throws Exception {
        List<Long> took = new ArrayList<>();
        Payments payments = new Payments(a.number("seed", 9), (int) a.number("customers", 1_000_000), a.number("rate", 5000), true);
        try (KafkaConsumer<byte[], byte[]> reader = Summary.reader(bootstrap);
                Sender sender = new Sender(bootstrap, prefix + ".payment.events", a.number("rate", 5000), payments)) {
            List<TopicPartition> ps = Summary.partitions(reader, prefix + ".fraud.alerts");
            reader.assign(ps);
            reader.seekToEnd(ps);
            for (TopicPartition one : ps) reader.position(one);
            sender.start();
            long from = System.currentTimeMillis() + a.number("warm-s", 20) * 1000;
            long until = from + a.number("measure-s", 30) * 1000;
            while (System.currentTimeMillis() < until && c.running()) {
                for (ConsumerRecord<byte[], byte[]> r : reader.poll(Duration.ofMillis(10))) {
                    long now = System.currentTimeMillis();
                    String sent = new String(r.headers().lastHeader("ce_time").value(), StandardCharsets.UTF_8);
                    if (now >= from) took.add(now - Instant.parse(sent).toEpochMilli());
                }
            }
        }
        return took;
    }
}
