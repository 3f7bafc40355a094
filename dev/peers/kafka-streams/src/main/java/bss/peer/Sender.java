package bss.peer;

import java.nio.charset.StandardCharsets;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;

/** Sends payments at a steady rate, each stamped with the time of sending, until it is closed. */
final class Sender extends Thread implements AutoCloseable {
    private final String bootstrap;
    private final String topic;
    private final long rate;
    private final Payments payments;
    private volatile boolean stop;

    Sender(String bootstrap, String topic, long rate, Payments payments) {
        super("sender");
        this.bootstrap = bootstrap;
        this.topic = topic;
        this.rate = rate;
        this.payments = payments;
    }

    @Override
    public void run() {
        try (KafkaProducer<String, byte[]> out = LoadGen.producer(bootstrap, 2)) {
            long begin = System.nanoTime();
            long sent = 0;
            while (!stop) {
                long due = (System.nanoTime() - begin) * rate / 1_000_000_000L;
                for (; sent < due; sent++) {
                    Payments.Event e = payments.next(System.currentTimeMillis());
                    out.send(new ProducerRecord<>(topic, e.key(), e.json().getBytes(StandardCharsets.UTF_8)));
                }
                Thread.sleep(1);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() throws InterruptedException {
        stop = true;
        join();
    }
}
