package bss.peer;

import java.io.BufferedWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;

/**
 * Runs topologies by several programs in turn, on one broker and the same events.
 *
 * <pre>
 * throughput --topologies A,B;C --n --customers --partitions --contestants peer,bss,ceiling --reps --skew 0|1
 *            --live-rate N --log FILE --dir DIR
 * latency    --rate --warm-s --measure-s --contestants peer,bss --log FILE --dir DIR
 * recovery   --keys --rate --cases restart,takeover --contestants peer,bss --log FILE --dir DIR
 * summary    --prefix --topologies A,B --out FILE [--dump FILE]   counts and sums of the committed outputs
 * check      --one FILE --other FILE                 whether two summaries agree; status 1 if not
 * </pre>
 */
public final class Bench {
    private Bench() {}

    public static void main(String[] args) throws Exception {
        Args a = new Args(args, 1);
        boolean agree = true;
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", a.text("bootstrap", "127.0.0.1:19092")))) {
            switch (args[0]) {
                case "throughput" -> agree = new Throughput(a, admin).measureAll();
                case "latency" -> new Latency(a, admin).measure();
                case "recovery" -> new Recovery(a, admin).measure();
                case "summary" -> summary(a);
                case "check" -> agree = Summary.load(Path.of(a.need("one"))).same(Summary.load(Path.of(a.need("other"))));
                default -> throw new IllegalArgumentException("unknown command " + args[0]);
            }
        }
        if (!agree) System.exit(1);
    }

    private static void summary(Args a) throws Exception {
        String dump = a.text("dump", "");
        try (BufferedWriter out = dump.isEmpty() ? null : Files.newBufferedWriter(Path.of(dump))) {
            Summary.read(a.text("bootstrap", "127.0.0.1:19092"), a.text("prefix", "bench"),
                    Job.union(Job.of(a.text("topologies", "fraud-detection")), Job::outputs), out).save(Path.of(a.need("out")));
        }
    }
}
