package bss.peer;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * Runs fraud-detection by several programs in turn, on one broker and the same payments.
 *
 * <pre>
 * throughput --n --customers --partitions --contestants peer,bss,ceiling --reps --log FILE --dir DIR
 * latency    --rate --warm-s --measure-s --contestants peer,bss --log FILE --dir DIR
 * summary    --prefix --out FILE [--dump FILE]      counts and sums of the committed outputs
 * check      --one FILE --other FILE                 whether two summaries agree; status 1 if not
 * </pre>
 */
public final class Bench {
    private final Args a;
    private final String bootstrap;
    private final String prefix;
    private final int partitions;
    private final Path dir;
    private final Topics topics;

    private Bench(Args a, Admin admin) {
        this.a = a;
        bootstrap = a.text("bootstrap", "127.0.0.1:19092");
        prefix = a.text("prefix", "bench");
        partitions = (int) a.number("partitions", 12);
        dir = Path.of(a.text("dir", ".")).toAbsolutePath();
        topics = new Topics(admin);
    }

    public static void main(String[] args) throws Exception {
        Args a = new Args(args, 1);
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", a.text("bootstrap", "127.0.0.1:19092")))) {
            Bench bench = new Bench(a, admin);
            switch (args[0]) {
                case "throughput" -> bench.throughput();
                case "latency" -> bench.latency();
                case "summary" -> bench.summary();
                case "check" -> {
                    Summary one = Summary.load(Path.of(a.need("one")));
                    if (!one.same(Summary.load(Path.of(a.need("other"))))) System.exit(1);
                }
                default -> throw new IllegalArgumentException("unknown command " + args[0]);
            }
        }
    }

    private String input() {
        return prefix + ".payment.events";
    }

    private void freshOutputs() throws Exception {
        topics.delete(Topics.outputs(prefix));
        for (String topic : Topics.outputs(prefix)) topics.create(topic, partitions, Map.of());
    }

    private static Map<String, String> text(Object... pairs) {
        Map<String, String> m = new LinkedHashMap<>();
        for (int i = 0; i < pairs.length; i += 2) m.put(pairs[i].toString(), pairs[i + 1].toString());
        return m;
    }

    private Contestant start(String who, String app, boolean drain) throws Exception {
        Path state = dir.resolve(app);
        Files.createDirectories(state);
        Path log = dir.resolve(who + ".log");
        String commit = a.text("commit-ms", "100");
        switch (who) {
            case "peer" -> {
                return new Contestant(List.of("java", "-Xmx" + a.text("peer-heap", "1g"), "-XX:+UseG1GC",
                        "-cp", System.getProperty("java.class.path"), "bss.peer.Main", "--bootstrap", bootstrap,
                        "--app", app, "--prefix", prefix, "--state-dir", state.toString(), "--commit-ms", commit,
                        "--linger-ms", a.text("peer-linger-ms", "20")), Map.of(), log);
            }
            case "bss" -> {
                createOwnTopics(app);
                List<String> command = new ArrayList<>(List.of(a.need("bss"), "streams", "run", "fraud-detection"));
                if (drain) command.add("--drain");
                return new Contestant(command, text("BSS_KAFKA_BOOTSTRAP", bootstrap, "BSS_KAFKA_TOPIC_PREFIX", prefix,
                        "BSS_KAFKA_PARTITIONS", partitions, "BSS_GENERAL_APPLICATION", app,
                        "BSS_STREAMS_STATE_DIR", state, "BSS_STREAMS_COMMIT_INTERVAL", commit + "ms"), log);
            }
            case "ceiling" -> {
                String group = app + "-fraud-detection";
                topics.create(group + "-customers-changelog", partitions, Map.of("cleanup.policy", "compact"));
                return new Contestant(List.of(a.need("ceilings"), "--bootstrap", bootstrap, "--prefix", prefix,
                        "--group", group, "--partitions", Integer.toString(partitions), "--commit-ms", commit), Map.of(), log);
            }
            default -> throw new IllegalArgumentException("unknown contestant " + who);
        }
    }

    /** What {@code bss setup kafka} makes for an application, of this one topology only. */
    private void createOwnTopics(String app) throws Exception {
        Map<String, String> compacted = Map.of("cleanup.policy", "compact");
        topics.create(app + "-dlq", partitions, Map.of());
        topics.create(app + "-late", partitions, Map.of());
        topics.create(app + "-meta", 1, compacted);
        topics.create(app + "-fraud-detection-customers-changelog", partitions, compacted);
    }

    /** Kafka Streams names the group after the application, bss after application and topology. */
    private static String group(String who, String app) {
        return who.equals("peer") ? app : app + "-fraud-detection";
    }

    private void forget(String app) throws Exception {
        topics.purge(app);
        Path state = dir.resolve(app);
        if (!Files.exists(state)) return;
        try (var files = Files.walk(state)) {
            for (Path p : files.sorted(Collections.reverseOrder()).toList()) Files.delete(p);
        }
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.2f", value);
    }

    private void say(Map<String, String> fields) throws IOException {
        StringBuilder line = new StringBuilder("{");
        fields.forEach((k, v) -> {
            boolean bare = v.matches("-?\\d+(\\.\\d+)?|true|false");
            line.append(line.length() > 1 ? "," : "").append('"').append(k).append("\":").append(bare ? v : '"' + v + '"');
        });
        String text = line.append('}').toString();
        System.out.println(text);
        String log = a.text("log", "");
        if (!log.isEmpty()) {
            Files.writeString(Path.of(log), text + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        }
    }

    // ------------------------------------------------------------------------------ throughput

    /** One run's figures. */
    private record Run(String who, long events, double seconds, double rate, double secondHalf, double perCpu,
            double cpu, long rssMb) {}

    private void throughput() throws Exception {
        if (a.number("preload", 1) == 1) {
            LoadGen.main(new String[] {"--bootstrap", bootstrap, "--prefix", prefix, "--partitions",
                Integer.toString(partitions), "--n", a.text("n", "2000000"), "--customers", a.text("customers", "50000"),
                "--seed", a.text("seed", "1")});
        }
        List<Run> runs = new ArrayList<>();
        boolean agree = true;
        for (long rep = 0; rep < a.number("reps", 1); rep++) {
            for (String who : a.text("contestants", "peer,bss,ceiling").split(",")) runs.add(measure(who));
        }
        table(runs);
        Path peer = dir.resolve("peer.summary");
        Path bss = dir.resolve("bss.summary");
        if (Files.exists(peer) && Files.exists(bss)) agree = Summary.load(peer).same(Summary.load(bss));
        if (!agree) System.exit(1);
    }

    private Run measure(String who) throws Exception {
        freshOutputs();
        String app = "bench-" + who + "-" + System.currentTimeMillis() % 1_000_000_000;
        Map<TopicPartition, Long> end = topics.ends(List.of(input()));
        long total = end.values().stream().mapToLong(Long::longValue).sum();
        long half = 0;
        long atHalf = 0;
        long done = 0;
        double cpu;
        long rss;
        try (Contestant c = start(who, app, true)) {
            long limit = c.startMillis + a.number("timeout-s", 600) * 1000;
            while (done == 0) {
                long sum = topics.committed(group(who, app)).entrySet().stream()
                        .filter(e -> end.containsKey(e.getKey())).mapToLong(Map.Entry::getValue).sum();
                long now = System.currentTimeMillis();
                if (half == 0 && sum >= total / 2) {
                    half = now;
                    atHalf = sum;
                }
                if (sum >= total) done = now;
                c.failIfFailed();
                if (now > limit) throw new IllegalStateException(who + " committed " + sum + " of " + total);
                if (done == 0) Thread.sleep(40);
            }
            cpu = c.cpu();
            rss = c.peakMb();
            if (!who.equals("peer")) {
                c.expectSuccess(60);
                cpu = c.cpu();
                rss = c.peakMb();
            }
            double seconds = (done - c.startMillis) / 1000.0;
            Run run = new Run(who, total, seconds, total / seconds,
                    (total - atHalf) * 1000.0 / Math.max(1, done - half), total / cpu, cpu, rss);
            report(run, app);
            return run;
        } finally {
            forget(app);
        }
    }

    private void report(Run run, String app) throws IOException {
        Summary summary = Summary.read(bootstrap, prefix, null);
        if (!run.who.equals("ceiling")) summary.save(dir.resolve(run.who + ".summary"));
        Map<String, String> line = text("name", run.who, "app", app, "events", run.events, "seconds", number(run.seconds),
                "events_s", Math.round(run.rate), "events_s_second_half", Math.round(run.secondHalf),
                "cpu_s", number(run.cpu), "events_per_cpu_s", Math.round(run.perCpu), "peak_rss_mb", run.rssMb,
                "load", number(java.lang.management.ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage()));
        summary.values.forEach((k, v) -> {
            if (k.endsWith(" records") || k.endsWith(" score")) line.put(k, v.toString());
        });
        say(line);
    }

    private static double median(List<Run> runs, String who, java.util.function.ToDoubleFunction<Run> of) {
        double[] v = runs.stream().filter(r -> r.who.equals(who)).mapToDouble(of).sorted().toArray();
        return v.length == 0 ? Double.NaN : v[(v.length - 1) / 2];
    }

    private static void ratio(String what, double is, double target, boolean most) {
        if (Double.isNaN(is)) return;
        boolean met = most ? is <= target : is >= target;
        System.out.printf(Locale.ROOT, "%-46s %8.2f   target %s %.2f   %s%n", what, is, most ? "<=" : ">=", target,
                met ? "met" : "MISSED");
    }

    private static void table(List<Run> runs) {
        System.out.printf("%n%-8s %10s %9s %12s %12s %14s %8s %8s%n", "", "events", "seconds", "events/s",
                "second half", "events/CPU s", "CPU s", "RSS MB");
        for (String who : runs.stream().map(Run::who).distinct().toList()) {
            System.out.printf(Locale.ROOT, "%-8s %10.0f %9.1f %12.0f %12.0f %14.0f %8.1f %8.0f%n", who,
                    median(runs, who, Run::events), median(runs, who, Run::seconds), median(runs, who, Run::rate),
                    median(runs, who, Run::secondHalf), median(runs, who, Run::perCpu), median(runs, who, Run::cpu),
                    median(runs, who, Run::rssMb));
        }
        System.out.println();
        ratio("bss / peer, events/s", median(runs, "bss", Run::rate) / median(runs, "peer", Run::rate), 3, false);
        ratio("bss / peer, events/s in the second half",
                median(runs, "bss", Run::secondHalf) / median(runs, "peer", Run::secondHalf), 3, false);
        ratio("bss / peer, events per CPU second",
                median(runs, "bss", Run::perCpu) / median(runs, "peer", Run::perCpu), 4, false);
        ratio("bss / ceiling, events/s", median(runs, "bss", Run::rate) / median(runs, "ceiling", Run::rate), 0.6, false);
        ratio("bss / peer, peak memory", median(runs, "bss", Run::rssMb) / median(runs, "peer", Run::rssMb), 0.25, true);
        System.out.println();
    }

    // --------------------------------------------------------------------------------- latency

    private void latency() throws Exception {
        Map<String, double[]> p = new LinkedHashMap<>();
        for (String who : a.text("contestants", "peer,bss").split(",")) {
            topics.delete(List.of(input()));
            topics.create(input(), partitions, Map.of());
            freshOutputs();
            String app = "bench-" + who + "-" + System.currentTimeMillis() % 1_000_000_000;
            try (Contestant c = start(who, app, false)) {
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
                        "peak_rss_mb", c.peakMb(), "load", number(java.lang.management.ManagementFactory
                                .getOperatingSystemMXBean().getSystemLoadAverage())));
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

    /** Sends at a steady rate, each payment stamped with the time of sending; how long alerts took. */
    private List<Long> alerts(Contestant c) throws Exception {
        long rate = a.number("rate", 5000);
        AtomicBoolean stop = new AtomicBoolean();
        Thread sender = new Thread(() -> send(rate, stop), "sender");
        List<Long> took = new ArrayList<>();
        try (KafkaConsumer<byte[], byte[]> reader = Summary.reader(bootstrap)) {
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
        } finally {
            stop.set(true);
            sender.join();
        }
        return took;
    }

    private void send(long rate, AtomicBoolean stop) {
        Payments payments = new Payments(a.number("seed", 9), (int) a.number("customers", 1_000_000), rate, true);
        try (KafkaProducer<String, byte[]> out = LoadGen.producer(bootstrap, 2)) {
            long begin = System.nanoTime();
            long sent = 0;
            while (!stop.get()) {
                long due = (System.nanoTime() - begin) * rate / 1_000_000_000L;
                for (; sent < due; sent++) {
                    Payments.Event e = payments.next(System.currentTimeMillis());
                    out.send(new ProducerRecord<>(input(), e.key(), e.json().getBytes(StandardCharsets.UTF_8)));
                }
                Thread.sleep(1);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    // --------------------------------------------------------------------------------- summary

    private void summary() throws Exception {
        String dump = a.text("dump", "");
        try (BufferedWriter out = dump.isEmpty() ? null : Files.newBufferedWriter(Path.of(dump))) {
            Writer to = out;
            Summary.read(bootstrap, prefix, to).save(Path.of(a.need("out")));
        }
    }
}
