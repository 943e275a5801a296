import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.Repartitioned;
import org.apache.kafka.streams.kstream.StreamJoined;
import org.apache.kafka.streams.processor.api.FixedKeyProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorContext;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;

/**
 * Kafka Streams: an outer join of both topics with a grace, window stores in RocksDB with their changelogs.
 *
 * <p>Not the window stores in memory: they look a key up by walking through every millisecond of the window that has
 * records, which makes them several times slower here.
 *
 * <p>With {@code -Dpeer.repartition=true} the key is selected in the topology, as the manual has it, and every record
 * passes through a topic in between. With {@code -Dpeer.changelog=false} the stores are lost with the process.
 */
public final class KafkaStreamsPeer {
    private static final boolean REPARTITION = Boolean.getBoolean("peer.repartition");
    private static final boolean CHANGELOG = !"false".equals(System.getProperty("peer.changelog"));
    private static final Duration GRACE = Duration.ofSeconds(5);

    private KafkaStreamsPeer() {}

    /** Both sides of a pair, or one of them. */
    private record Joined(Leg terminal, Leg host) {}

    public static void main(String[] arguments) throws IOException {
        Task task = Task.of(arguments[0]);
        StreamsBuilder builder = new StreamsBuilder();
        KStream<String, Leg> terminal = legs(builder, task.terminal());
        KStream<String, Leg> host = legs(builder, task.host());
        JoinWindows window = JoinWindows.ofTimeDifferenceAndGrace(Duration.ofMillis(task.windowMs()), GRACE);
        StreamJoined<String, Leg, Leg> stores = StreamJoined.with(Serdes.String(), new LegSerde(), new LegSerde())
                .withName("join")
                .withStoreName("legs");
        stores = CHANGELOG ? stores.withLoggingEnabled(Map.of()) : stores.withLoggingDisabled();
        terminal.outerJoin(host, Joined::new, window, stores)
                .filter(KafkaStreamsPeer::orphan)
                .mapValues((key, joined) -> record(key, joined))
                .to(task.orphans(), Produced.with(Serdes.String(), Serdes.ByteArray()));
        KafkaStreams streams = new KafkaStreams(builder.build(), settings(task));
        streams.setUncaughtExceptionHandler(fault -> {
            fault.printStackTrace();
            Runtime.getRuntime().halt(1);
            return null;
        });
        Progress.keepTelling();
        streams.start();
    }

    private static KStream<String, Leg> legs(StreamsBuilder builder, String topic) {
        if (!REPARTITION) {
            return builder.stream(topic, Consumed.with(Serdes.String(), new LegSerde()))
                    .peek((key, leg) -> Progress.HANDLED.increment());
        }
        return builder.stream(topic, Consumed.with(Serdes.String(), Serdes.ByteArray()))
                .processValues(Parsing::new)
                .selectKey((key, leg) -> leg.key)
                .repartition(Repartitioned.with(Serdes.String(), new LegSerde()))
                .peek((key, leg) -> Progress.HANDLED.increment());
    }

    private static boolean orphan(String key, Joined joined) {
        if (joined.terminal() != null && joined.host() != null) {
            Progress.pair(joined.terminal().amount, joined.host().amount);
            return false;
        }
        Leg alone = joined.terminal() == null ? joined.host() : joined.terminal();
        if (alone.amount == Leg.NO_VOUCHER) {
            return false;
        }
        (joined.terminal() == null ? Progress.ORPHANS_HOST : Progress.ORPHANS_TERMINAL).increment();
        return true;
    }

    private static byte[] record(String key, Joined joined) {
        Leg alone = joined.terminal() == null ? joined.host() : joined.terminal();
        return new Leg(key, alone.amount, alone.at).orphan(joined.terminal() == null ? "host" : "terminal");
    }

    private static Properties settings(Task task) {
        Properties settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, task.group());
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, task.servers());
        settings.put(StreamsConfig.STATE_DIR_CONFIG, task.folder() + "/state");
        settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, task.threads());
        settings.put(StreamsConfig.BUFFERED_RECORDS_PER_PARTITION_CONFIG, 10_000);
        settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 5_000);
        settings.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
        settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
        settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_POLL_RECORDS_CONFIG), 5_000);
        settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG), 4 << 20);
        settings.put(StreamsConfig.producerPrefix(ProducerConfig.LINGER_MS_CONFIG), 100);
        settings.put(StreamsConfig.producerPrefix(ProducerConfig.BATCH_SIZE_CONFIG), 256 << 10);
        settings.put(StreamsConfig.producerPrefix(ProducerConfig.COMPRESSION_TYPE_CONFIG), "lz4");
        if (Boolean.getBoolean("peer.eager")) {
            settings.put("__emit.interval.ms.kstreams.outer.join.spurious.results.fix__", 0L);
        }
        if (!REPARTITION) {
            settings.put(
                    StreamsConfig.mainConsumerPrefix(ConsumerConfig.INTERCEPTOR_CLASSES_CONFIG),
                    VoucherKeys.class.getName());
        }
        return settings;
    }

    /** Parses a record where its timestamp is known. */
    private static final class Parsing
            implements FixedKeyProcessor<String, byte[], Leg> {
        private FixedKeyProcessorContext<String, Leg> context;

        @Override
        public void init(FixedKeyProcessorContext<String, Leg> given) {
            context = given;
        }

        @Override
        public void process(FixedKeyRecord<String, byte[]> record) {
            Leg leg = Leg.parse(record.value(), record.timestamp());
            if (leg == null) {
                // Without a voucher it still tells the time, under a key that never meets another.
                String key = record.key() + "|" + context.recordMetadata().map(place -> place.topic() + place.offset());
                leg = new Leg(key, Leg.NO_VOUCHER, record.timestamp());
            }
            context.forward(record.withValue(leg));
        }
    }
}
