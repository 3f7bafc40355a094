package bss.peer;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A program under test: its process, with CPU time and peak memory sampled from /proc. */
final class Contestant implements AutoCloseable {
    /** The kernel's clock ticks of /proc are hundredths of a second on Linux. */
    private static final double TICKS = 100.0;

    final long startMillis = System.currentTimeMillis();
    private final Process process;
    private final Path log;
    private volatile double cpu;
    private volatile long peakMb;

    Contestant(List<String> command, Map<String, String> environment, Path log) throws IOException {
        this.log = log;
        ProcessBuilder builder = new ProcessBuilder(command);
        // Whatever settings the caller has, all contestants run with those of the measurement.
        builder.environment().keySet().removeIf(name -> name.startsWith("BSS_"));
        builder.environment().putAll(environment);
        builder.redirectErrorStream(true).redirectOutput(new File(log.toString()));
        process = builder.start();
        Thread watch = new Thread(this::watch, "watch");
        watch.setDaemon(true);
        watch.start();
    }

    private void watch() {
        Path proc = Path.of("/proc", Long.toString(process.pid()));
        while (process.isAlive()) {
            try {
                String stat = Files.readString(proc.resolve("stat"));
                String[] f = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
                cpu = (Long.parseLong(f[11]) + Long.parseLong(f[12])) / TICKS;
                for (String line : Files.readAllLines(proc.resolve("status"))) {
                    if (line.startsWith("VmHWM:")) peakMb = Long.parseLong(line.replaceAll("\\D", "")) / 1024;
                }
                Thread.sleep(20);
            } catch (IOException e) {
                return; // it ended between the two looks
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    double cpu() {
        return cpu;
    }

    long peakMb() {
        return peakMb;
    }

    /** Writes a line to its standard input. */
    void tell(String line) throws IOException {
        process.getOutputStream().write((line + "\n").getBytes(java.nio.charset.StandardCharsets.UTF_8));
        process.getOutputStream().flush();
    }

    /** As kill -9. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    boolean running() {
        return process.isAlive();
    }

    /** Waits for its own end; fails when there is none or it is not a success. */
    void expectSuccess(long seconds) throws Exception {
        if (!process.waitFor(seconds, TimeUnit.SECONDS)) throw new IllegalStateException("did not end; see " + log);
        failIfFailed();
    }

    /** 7: done, and some records were set aside. */
    void failIfFailed() {
        if (!process.isAlive() && process.exitValue() != 0 && process.exitValue() != 7) {
            throw new IllegalStateException("ended with status " + process.exitValue() + "; see " + log);
        }
    }

    @Override
    public void close() throws Exception {
        process.destroy();
        if (!process.waitFor(40, TimeUnit.SECONDS)) process.destroyForcibly().waitFor();
    }
}
