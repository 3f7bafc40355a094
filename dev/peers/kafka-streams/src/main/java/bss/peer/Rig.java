package bss.peer;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.TopicPartition;

/** What all measurements share: topics, the programs under test, how far they are, and what is told. */
class Rig {
    final Args a;
    final String bootstrap;
    final String prefix;
    final int partitions;
    final Path dir;
    final Topics topics;

    Rig(Args a, Admin admin) {
        this.a = a;
        bootstrap = a.text("bootstrap", "127.0.0.1:19092");
        prefix = a.text("prefix", "bench");
        partitions = (int) a.number("partitions", 12);
        dir = Path.of(a.text("dir", ".")).toAbsolutePath();
        topics = new Topics(admin);
    }

    /** A name that no application had before. */
    static String application(String who) {
        return "bench-" + who + "-" + System.currentTimeMillis() % 1_000_000_000;
    }

    void freshOutputs(List<Job> jobs) throws Exception {
        topics.fresh(Job.topics(prefix, Job.union(jobs, Job::outputs)), partitions);
    }

    void freshInputs(List<Job> jobs) throws Exception {
        topics.fresh(Job.topics(prefix, Job.union(jobs, Job::inputs)), partitions);
        for (String table : Job.topics(prefix, Job.union(jobs, Job::tables))) {
            topics.delete(List.of(table));
            topics.create(table, partitions, Map.of("cleanup.policy", "compact"));
        }
    }

    /** Makes the topics that a program needs beside inputs and outputs. */
    void ownTopics(String who, String app, List<Job> jobs) throws Exception {
        switch (who) {
            case "peer" -> topics.create(Job.between(jobs).stream().map(b -> app + "-" + b + "-repartition").toList(), partitions, Map.of());
            case "bss" -> {
                Process setup = bss(app, "one", List.of("setup", "kafka", "--yes"), dir.resolve("setup.log"));
                if (!setup.waitFor(120, TimeUnit.SECONDS) || setup.exitValue() != 0) {
                    throw new IllegalStateException("bss setup kafka failed; see " + dir.resolve("setup.log"));
                }
            }
            default -> topics.create(app + "-fraud-detection-customers-changelog", partitions, Map.of("cleanup.policy", "compact"));
        }
    }

    private Map<String, String> environment(String app, String instance) {
        return text("BSS_KAFKA_BOOTSTRAP", bootstrap, "BSS_KAFKA_TOPIC_PREFIX", prefix, "BSS_KAFKA_PARTITIONS", partitions,
                "BSS_GENERAL_APPLICATION", app, "BSS_STREAMS_STATE_DIR", dir.resolve(app).resolve(instance),
                "BSS_STREAMS_INSTANCE", instance, "BSS_STREAMS_COMMIT_INTERVAL", a.text("commit-ms", "100") + "ms",
                "BSS_STREAMS_GRACE", a.number("grace-ms", 600_000) + "ms");
    }

    private Process bss(String app, String instance, List<String> words, Path log) throws IOException {
        List<String> command = new ArrayList<>(List.of(a.need("bss")));
        command.addAll(words);
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().keySet().removeIf(name -> name.startsWith("BSS_"));
        builder.environment().putAll(environment(app, instance));
        return builder.redirectErrorStream(true).redirectOutput(log.toFile()).start();
    }

    /** Starts a program on these jobs. */
    Contestant start(String who, String app, String instance, List<Job> jobs, boolean drain) throws Exception {
        Path state = dir.resolve(app).resolve(instance);
        Files.createDirectories(state);
        Path log = dir.resolve(who + (instance.equals("one") ? "" : "-" + instance) + ".log");
        String commit = a.text("commit-ms", "100");
        switch (who) {
            case "peer" -> {
                return new Contestant(List.of("java", "-Xmx" + a.text("peer-heap", "1g"), "-XX:+UseG1GC",
                        "-cp", System.getProperty("java.class.path"), "bss.peer.Main", "--bootstrap", bootstrap,
                        "--app", app, "--prefix", prefix, "--state-dir", state.toString(), "--instance-id", instance,
                        "--commit-ms", commit, "--topologies", Job.names(jobs), "--grace-ms", a.text("grace-ms", "600000"),
                        "--grace-behind-ms", a.text("grace-behind-ms", "5184000000"),
                        "--linger-ms", a.text("peer-linger-ms", "20")), Map.of(), log);
            }
            case "bss" -> {
                List<String> command = new ArrayList<>(List.of(a.need("bss"), "streams", "run"));
                jobs.forEach(j -> command.add(j.name()));
                if (drain) command.add("--drain");
                return new Contestant(command, environment(app, instance), log);
            }
            case "ceiling" -> {
                return new Contestant(List.of(a.need("ceilings"), "--bootstrap", bootstrap, "--prefix", prefix,
                        "--group", app + "-fraud-detection", "--partitions", Integer.toString(partitions), "--commit-ms", commit), Map.of(), log);
            }
            default -> throw new IllegalArgumentException("unknown contestant " + who);
        }
    }

    /** How far a program is: records of its inputs, and a number that changes with everything it commits. */
    record Progress(long inputs, long all) {}

    Progress progress(String who, String app, List<Job> jobs, Map<TopicPartition, Long> ends) throws Exception {
        long inputs = 0;
        long all = 0;
        // Kafka Streams names the group after the application, bss after application and topology.
        List<String> groups = who.equals("peer") ? List.of(app) : jobs.stream().map(j -> app + "-" + j.name()).toList();
        for (int i = 0; i < groups.size(); i++) {
            Set<String> own = Job.union(who.equals("peer") ? jobs : jobs.subList(i, i + 1), Job::inputs);
            for (Map.Entry<TopicPartition, Long> e : topics.committed(groups.get(i)).entrySet()) {
                String topic = e.getKey().topic();
                boolean input = ends.containsKey(e.getKey()) && own.contains(topic.substring(prefix.length() + 1));
                if (input) inputs += e.getValue();
                if (input || topic.endsWith("-repartition")) all += e.getValue();
            }
        }
        return new Progress(inputs, all);
    }

    /** What {@link Progress#inputs} comes to in the end. */
    long total(String who, List<Job> jobs, Map<TopicPartition, Long> ends) {
        long total = 0;
        List<List<Job>> groups = who.equals("peer") ? List.of(jobs) : jobs.stream().map(List::of).toList();
        for (List<Job> group : groups) {
            List<String> own = Job.topics(prefix, Job.union(group, Job::inputs));
            total += ends.entrySet().stream().filter(e -> own.contains(e.getKey().topic())).mapToLong(Map.Entry::getValue).sum();
        }
        return total;
    }

    void forget(String app) throws Exception {
        topics.purge(app);
        Path state = dir.resolve(app);
        if (!Files.exists(state)) return;
        try (var files = Files.walk(state)) {
            for (Path p : files.sorted(Collections.reverseOrder()).toList()) Files.delete(p);
        }
    }

    static Map<String, String> text(Object... pairs) {
        Map<String, String> m = new LinkedHashMap<>();
        for (int i = 0; i < pairs.length; i += 2) m.put(pairs[i].toString(), pairs[i + 1].toString());
        return m;
    }

    static String number(double value) {
        return String.format(Locale.ROOT, "%.2f", value);
    }

    static String machineLoad() {
        return number(ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
    }

    /** Prints a line of JSON and adds it to the log. */
    void say(Map<String, String> fields) throws IOException {
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

    static void ratio(String what, double is, double target, boolean most) {
        if (Double.isNaN(is)) return;
        boolean met = most ? is <= target : is >= target;
        System.out.printf(Locale.ROOT, "%-46s %8.2f   target %s %.2f   %s%n", what, is, most ? "<=" : ">=", target,
                met ? "met" : "MISSED");
    }
}
