package bss.peer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.TopicPartition;

/** Each program in turn over the same preloaded events; what they wrote is compared. */
final class Throughput extends Rig {
    /** So long nothing more is committed or written: it is through. */
    private static final long QUIET_MS = 2500;

    /** The same of the peer's closing, which takes a second for each stage. */
    private static final long CLOSING_MS = 5000;

    /** One run's figures. */
    private record Run(String set, String who, long events, double seconds, double rate, double secondHalf, double perCpu,
            double cpu, long rssMb) {}

    private final List<Run> runs = new ArrayList<>();
    private boolean agree = true;

    Throughput(Args a, Admin admin) {
        super(a, admin);
    }

    /** {@code --topologies a,b;c}: sets separated by semicolons, each set in one process. */
    boolean measureAll() throws Exception {
        for (String set : a.text("topologies", "fraud-detection").split(";")) {
            List<Job> jobs = Job.of(set);
            if (a.number("preload", 1) == 1) preload(jobs);
            for (String who : List.of("peer", "bss", "bss-live")) Files.deleteIfExists(summary(who));
            for (long rep = 0; rep < a.number("reps", 1); rep++) {
                for (String who : a.text("contestants", "peer,bss,ceiling").split(",")) {
                    if (!who.equals("ceiling") || set.equals("fraud-detection")) measure(who, jobs);
                }
            }
            if (a.number("live-rate", 0) > 0) live(jobs);
            compare("peer", "bss");
            compare("bss", "bss-live");
            windows(jobs);
        }
        table();
        return agree;
    }

    private Path summary(String who) {
        return dir.resolve(who + ".summary");
    }

    private Path expectation() {
        return dir.resolve("expected");
    }

    private void preload(List<Job> jobs) throws Exception {
        freshInputs(jobs);
        if (Job.names(jobs).equals("fraud-detection")) {
            Files.deleteIfExists(expectation());
            LoadGen.main(new String[] {"--bootstrap", bootstrap, "--prefix", prefix, "--partitions",
                Integer.toString(partitions), "--n", a.text("n", "2000000"), "--customers", a.text("customers", "50000"),
                "--seed", a.text("seed", "1")});
        } else {
            new Shop(a, prefix, partitions).load(bootstrap, jobs, a.number("n", 2_000_000), 0, expectation());
        }
    }

    private void measure(String who, List<Job> jobs) throws Exception {
        freshOutputs(jobs);
        String app = application(who);
        Map<TopicPartition, Long> ends = topics.ends(Job.topics(prefix, Job.union(jobs, Job::inputs)));
        long events = ends.values().stream().mapToLong(Long::longValue).sum();
        long total = total(who, jobs, ends);
        ownTopics(who, app, jobs);
        try (Contestant c = start(who, app, "one", jobs, true)) {
            long limit = c.startMillis + a.number("timeout-s", 1800) * 1000;
            long half = 0;
            long done = 0;
            double share = 0;
            Progress before = new Progress(0, 0);
            // Done: with the last commit of an input, or of what a stage handed to the next.
            for (boolean through = false; !through; ) {
                Progress p = progress(who, app, jobs, ends);
                long now = System.currentTimeMillis();
                if (p.all() != before.all()) done = now;
                if (half == 0 && p.inputs() >= total / 2) {
                    half = now;
                    share = (double) p.inputs() / total;
                }
                before = p;
                boolean quiet = Job.between(jobs).isEmpty() || now - done > QUIET_MS || !c.running();
                through = p.inputs() >= total && quiet;
                c.failIfFailed();
                if (now > limit) throw new IllegalStateException(who + " committed " + p.inputs() + " of " + total);
                if (!through) Thread.sleep(40);
            }
            double cpu = c.cpu();
            if (who.equals("peer")) cpu = closeWindows(c, jobs);
            else {
                c.expectSuccess(120);
                cpu = c.cpu();
            }
            double seconds = (done - c.startMillis) / 1000.0;
            Run run = new Run(Job.names(jobs), who, events, seconds, events / seconds,
                    events * (1 - share) * 1000.0 / Math.max(1, done - half), events / cpu, cpu, c.peakMb());
            runs.add(run);
            report(run, app, jobs);
        } finally {
            forget(app);
        }
    }

    /** bss closes its windows at the end of a drain; the peer is told. Its CPU time when that was done. */
    private double closeWindows(Contestant c, List<Job> jobs) throws Exception {
        c.tell("end");
        List<String> outputs = Job.topics(prefix, Job.union(jobs, Job::outputs));
        double cpu = c.cpu();
        long before = -1;
        for (long changed = System.currentTimeMillis(); System.currentTimeMillis() - changed < CLOSING_MS; Thread.sleep(50)) {
            long ends = topics.ends(outputs).values().stream().mapToLong(Long::longValue).sum();
            if (ends != before) {
                changed = System.currentTimeMillis();
                cpu = c.cpu();
            }
            before = ends;
            c.failIfFailed();
        }
        return cpu;
    }

    private void report(Run run, String app, List<Job> jobs) throws IOException {
        Summary summary = Summary.read(bootstrap, prefix, Job.union(jobs, Job::outputs), null);
        if (!run.who.equals("ceiling")) summary.save(summary(run.who));
        Map<String, String> line = text("name", run.who, "topologies", run.set, "app", app, "events", run.events,
                "seconds", number(run.seconds), "events_s", Math.round(run.rate), "events_s_second_half", Math.round(run.secondHalf),
                "cpu_s", number(run.cpu), "events_per_cpu_s", Math.round(run.perCpu), "peak_rss_mb", run.rssMb, "load", machineLoad());
        summary.values.forEach((k, v) -> {
            if (k.endsWith(" records")) line.put(k, v.toString());
        });
        say(line);
    }

    /** The same events once more, sent while bss runs, then closed: must give the same. */
    private void live(List<Job> jobs) throws Exception {
        Rig fed = new Rig(a.with("prefix", prefix + "-live"), topics.admin());
        fed.freshInputs(jobs);
        fed.freshOutputs(jobs);
        String app = application("bss-live");
        fed.ownTopics("bss", app, jobs);
        try {
            try (Contestant c = fed.start("bss", app, "one", jobs, false)) {
                new Shop(fed.a, fed.prefix, partitions).load(bootstrap, jobs, a.number("n", 2_000_000), a.number("live-rate", 20_000),
                        dir.resolve("expected-live"));
                Map<TopicPartition, Long> ends = topics.ends(Job.topics(fed.prefix, Job.union(jobs, Job::inputs)));
                while (fed.progress("bss", app, jobs, ends).inputs() < fed.total("bss", jobs, ends)) {
                    c.failIfFailed();
                    Thread.sleep(100);
                }
            }
            try (Contestant c = fed.start("bss", app, "one", jobs, true)) {
                c.expectSuccess(300);
            }
            Summary.read(bootstrap, fed.prefix, Job.union(jobs, Job::outputs), null).save(summary("bss-live"));
        } finally {
            fed.forget(app);
            topics.delete(Job.topics(fed.prefix, Job.union(jobs, j -> {
                List<String> all = new ArrayList<>(j.inputs());
                all.addAll(j.tables());
                all.addAll(j.outputs());
                return all;
            })));
        }
    }

    private void compare(String one, String other) throws IOException {
        if (!Files.exists(summary(one)) || !Files.exists(summary(other))) return;
        System.out.printf("%n%-42s %22s %22s%n", "", one, other);
        agree &= Summary.load(summary(one)).same(Summary.load(summary(other)));
    }

    /** In = counted + late + left out, for each set of windows; what is missing was lost on the way. */
    private void windows(List<Job> jobs) throws IOException {
        if (!Files.exists(expectation())) return;
        Map<String, Long> in = Summary.load(expectation()).values;
        System.out.printf("%n%-30s %10s %8s %9s  %s%n", "windows of", "in", "late", "left out", "counted (lost)");
        for (Expected.Windows w : Expected.SETS) {
            if (jobs.stream().noneMatch(j -> j.outputs().contains(w.subject()))) continue;
            long events = Expected.number(in, "events " + w.input());
            long late = Expected.number(in, "late " + w.subject());
            long leftOut = Expected.number(in, "left out " + w.subject());
            StringBuilder counted = new StringBuilder();
            for (String who : List.of("peer", "bss", "bss-live")) {
                if (!Files.exists(summary(who))) continue;
                long sum = Expected.number(Summary.load(summary(who)).values, w.subject() + " " + w.field());
                long lost = events - late - leftOut - sum;
                counted.append(String.format("%s %d (%d)   ", who, sum, lost));
                agree &= lost == 0;
            }
            System.out.printf("%-30s %10d %8d %9d  %s%n", w.subject(), events, late, leftOut, counted);
        }
    }

    private double median(String set, String who, ToDoubleFunction<Run> of) {
        double[] v = runs.stream().filter(r -> r.who.equals(who) && r.set.equals(set)).mapToDouble(of).sorted().toArray();
        return v.length == 0 ? Double.NaN : v[(v.length - 1) / 2];
    }

    private double quotient(String set, String other, ToDoubleFunction<Run> of) {
        return median(set, "bss", of) / median(set, other, of);
    }

    private void table() {
        System.out.printf("%n%-18s %-8s %10s %9s %12s %12s %14s %8s %8s%n", "", "", "events", "seconds", "events/s",
                "second half", "events/CPU s", "CPU s", "RSS MB");
        List<String> sets = runs.stream().map(Run::set).distinct().toList();
        for (String set : sets) {
            for (String who : runs.stream().filter(r -> r.set.equals(set)).map(Run::who).distinct().toList()) {
                System.out.printf(Locale.ROOT, "%-18s %-8s %10.0f %9.1f %12.0f %12.0f %14.0f %8.1f %8.0f%n", title(set), who,
                        median(set, who, Run::events), median(set, who, Run::seconds), median(set, who, Run::rate),
                        median(set, who, Run::secondHalf), median(set, who, Run::perCpu), median(set, who, Run::cpu),
                        median(set, who, Run::rssMb));
            }
        }
        System.out.println();
        for (String set : sets) {
            boolean all = set.contains(",");
            String what = title(set) + ", bss / peer, ";
            ratio(what + "events/s", quotient(set, "peer", Run::rate), 3, false);
            ratio(what + "second half", quotient(set, "peer", Run::secondHalf), 3, false);
            ratio(what + "per CPU s", quotient(set, "peer", Run::perCpu), all ? 10 : 4, false);
            ratio(what + "memory", quotient(set, "peer", Run::rssMb), 0.25, true);
            ratio(title(set) + ", bss / ceiling, events/s", quotient(set, "ceiling", Run::rate), 0.6, false);
        }
        System.out.println();
    }

    private static String title(String set) {
        int several = set.split(",").length;
        return several == 1 ? set : several + " in one process";
    }
}
