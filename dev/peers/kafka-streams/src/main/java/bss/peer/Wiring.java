package bss.peer;

import java.lang.reflect.Field;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.ContextualFixedKeyProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorContext;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;

/**
 * Puts topologies together: sources shared among them (each topic is read and parsed once), sinks
 * that processors name, and windows that can be told that the input has ended.
 */
final class Wiring {
    /** Set when the input has ended; windows are then closed as if time had gone on. */
    static volatile boolean ended;

    final StreamsBuilder builder = new StreamsBuilder();
    /** Behind a source: what bss decides lateness by. */
    final Duration grace;
    /** Behind a repartition topic, where Kafka Streams has no watermarks: long enough to drop nothing. */
    final Duration graceBehind;

    private final String app;
    private final String prefix;
    private final Map<String, KStream<String, ?>> sources = new HashMap<>();
    private final List<String[]> sinks = new ArrayList<>();

    Wiring(String app, String prefix, Duration grace, Duration graceBehind) {
        this.app = app;
        this.prefix = prefix;
        this.grace = grace;
        this.graceBehind = graceBehind;
    }

    String topic(String subject) {
        return prefix + "." + subject;
    }

    /** A topic between two stages; the bench makes it. */
    String between(String name) {
        return app + "-" + name + "-repartition";
    }

    /** Events or rows with a time of their own; broken ones are skipped and logged. */
    static <T extends Model.Timed> Consumed<String, T> timed(Deserializer<T> read) {
        return Consumed.with(Codec.TEXT, Serdes.serdeFrom((topic, value) -> { throw new IllegalStateException("only read"); }, read)).withTimestampExtractor(
                (record, before) -> record.value() instanceof Model.Timed t ? t.time() : record.timestamp());
    }

    @SuppressWarnings("unchecked")
    <T extends Model.Timed> KStream<String, T> events(String subject, Deserializer<T> read) {
        return (KStream<String, T>) sources.computeIfAbsent(subject, s -> builder.stream(topic(s), timed(read)));
    }

    /** An output topic; the processor named {@code from} writes to it as {@code sink}. */
    void sink(String sink, String topic, String from) {
        sinks.add(new String[] {sink, topic, from});
    }

    Topology topology() {
        Topology topology = builder.build();
        for (String[] s : sinks) {
            topology.addSink(s[0], s[1], new StringSerializer(), Serdes.ByteArray().serializer(), s[2]);
        }
        return topology;
    }

    /**
     * Says that a new key leaves each record in its partition, so that nothing is re-partitioned: what
     * KIP-759 asks for and the DSL has no word for.
     */
    static <K, V> KStream<K, V> samePartition(KStream<K, V> stream) {
        try {
            Field field = stream.getClass().getDeclaredField("repartitionRequired");
            field.setAccessible(true);
            field.setBoolean(stream, false);
            return stream;
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("another version of Kafka Streams", e);
        }
    }

    /** In front of windows: lets time go on by {@code beyond} once the input has ended. */
    static <K, V> KStream<K, V> closing(KStream<K, V> stream, Duration beyond) {
        return stream.processValues(() -> new Closing<K, V>(beyond.toMillis()));
    }

    /** The same behind a topic between two stages. */
    <K, V> KStream<K, V> closingBehind(KStream<K, V> stream) {
        return closing(stream, graceBehind.plusDays(1));
    }

    /** How long the windows behind are kept: from a closed one, a final result is still to be read. */
    Duration keptBehind() {
        return graceBehind.plusDays(3);
    }

    private static final class Closing<K, V> extends ContextualFixedKeyProcessor<K, V, V> {
        private static final int PAUSE = 1100;
        private static final int TIMES = 3;
        private final long beyond;
        private FixedKeyRecord<K, V> last;
        private int told;

        Closing(long beyond) {
            this.beyond = beyond;
        }

        @Override
        public void init(FixedKeyProcessorContext<K, V> context) {
            super.init(context);
            context.schedule(Duration.ofMillis(PAUSE), PunctuationType.WALL_CLOCK_TIME, now -> goOn());
        }

        @Override
        public void process(FixedKeyRecord<K, V> record) {
            last = record;
            context().forward(record);
        }

        /** The last record once more, far ahead: its window stays open for ever. Windows are told at most once a second. */
        private void goOn() {
            if (!ended || last == null || told == TIMES) return;
            context().forward(last.withTimestamp(last.timestamp() + beyond + told++));
        }
    }
}
