import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.configuration.StateBackendOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.co.KeyedCoProcessFunction;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * Apache Flink: both topics keyed by voucher, connected, legs in keyed state on the heap, an event-time timer for each
 * leg, orphans in side outputs; a mini cluster in one JVM with checkpoints into a folder.
 */
public final class FlinkPeer {
    private static final OutputTag<byte[]> ORPHANS = new OutputTag<>("orphans", TypeInformation.of(byte[].class)) {};
    private static final Duration CHECKPOINT_EVERY = Duration.ofSeconds(5);
    private static final Duration DRIFT = Duration.ofSeconds(30);

    private FlinkPeer() {}

    public static void main(String[] arguments) throws Exception {
        Task task = Task.of(arguments[0]);
        StreamExecutionEnvironment flink = StreamExecutionEnvironment.createLocalEnvironment(task.threads(), settings(task));
        flink.enableCheckpointing(CHECKPOINT_EVERY.toMillis());
        DataStream<Leg> terminal = legs(flink, task, task.terminal());
        DataStream<Leg> host = legs(flink, task, task.host());
        SingleOutputStreamOperator<Leg> joined = terminal.keyBy(leg -> leg.key)
                .connect(host.keyBy(leg -> leg.key))
                .process(new Pairing(task.windowMs()), TypeInformation.of(Leg.class));
        joined.getSideOutput(ORPHANS).sinkTo(sink(task));
        Progress.keepTelling();
        flink.execute(task.group());
    }

    private static Configuration settings(Task task) {
        Configuration settings = new Configuration();
        settings.set(StateBackendOptions.STATE_BACKEND, "hashmap");
        settings.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, "file://" + task.folder() + "/checkpoints");
        // A failure must end the measurement, not begin it anew.
        settings.set(RestartStrategyOptions.RESTART_STRATEGY, "none");
        settings.set(PipelineOptions.OBJECT_REUSE, true);
        settings.set(PipelineOptions.GENERIC_TYPES, false);
        settings.set(PipelineOptions.AUTO_WATERMARK_INTERVAL, Duration.ofMillis(200));
        settings.set(TaskManagerOptions.MANAGED_MEMORY_SIZE, MemorySize.ofMebiBytes(16));
        return settings;
    }

    private static DataStream<Leg> legs(StreamExecutionEnvironment flink, Task task, String topic) {
        KafkaSource<Leg> source = KafkaSource.<Leg>builder()
                .setBootstrapServers(task.servers())
                .setTopics(topic)
                .setGroupId(task.group())
                .setStartingOffsets(OffsetsInitializer.earliest())
                .setDeserializer(new Parsing())
                .setProperty("max.poll.records", "5000")
                .setProperty("max.partition.fetch.bytes", Integer.toString(4 << 20))
                .build();
        WatermarkStrategy<Leg> time = WatermarkStrategy.<Leg>forMonotonousTimestamps()
                .withTimestampAssigner((leg, at) -> leg.at)
                .withWatermarkAlignment("legs", DRIFT, Duration.ofMillis(200));
        return flink.fromSource(source, time, topic, TypeInformation.of(Leg.class));
    }

    private static KafkaSink<byte[]> sink(Task task) {
        return KafkaSink.<byte[]>builder()
                .setBootstrapServers(task.servers())
                .setDeliveryGuarantee(DeliveryGuarantee.AT_LEAST_ONCE)
                .setProperty("linger.ms", "100")
                .setRecordSerializer(KafkaRecordSerializationSchema.<byte[]>builder()
                        .setTopic(task.orphans())
                        .setValueSerializationSchema(new AsItIs())
                        .build())
                .build();
    }

    /** Writes bytes as they are. */
    private static final class AsItIs implements SerializationSchema<byte[]> {
        @Override
        public byte[] serialize(byte[] value) {
            return value;
        }
    }

    /** Parses a record; one without a voucher goes along to be counted, under its terminal. */
    private static final class Parsing implements KafkaRecordDeserializationSchema<Leg> {
        @Override
        public void deserialize(ConsumerRecord<byte[], byte[]> record, Collector<Leg> out) throws IOException {
            Leg leg = Leg.parse(record.value(), record.timestamp());
            out.collect(leg != null ? leg : new Leg("", Leg.NO_VOUCHER, record.timestamp()));
        }

        @Override
        public TypeInformation<Leg> getProducedType() {
            return TypeInformation.of(Leg.class);
        }
    }

    /** Keeps the legs of one voucher until their windows have passed. */
    private static final class Pairing extends KeyedCoProcessFunction<String, Leg, Leg, Leg> {
        private static final int FIELDS = 3;
        private static final long PAIRED = 2;
        private static final long TIMERS_EVERY_MS = 1_000;
        private final long windowMs;
        /** Three numbers a leg: side plus PAIRED, amount, time. */
        private transient ValueState<long[]> kept;

        Pairing(long windowMs) {
            this.windowMs = windowMs;
        }

        @Override
        public void open(OpenContext context) {
            kept = getRuntimeContext()
                    .getState(new ValueStateDescriptor<>("legs", PrimitiveArrayTypeInfo.LONG_PRIMITIVE_ARRAY_TYPE_INFO));
        }

        @Override
        public void processElement1(Leg leg, Context context, Collector<Leg> out) throws Exception {
            take(leg, 0, context);
        }

        @Override
        public void processElement2(Leg leg, Context context, Collector<Leg> out) throws Exception {
            take(leg, 1, context);
        }

        private void take(Leg leg, int side, Context context) throws Exception {
            Progress.HANDLED.increment();
            if (leg.amount == Leg.NO_VOUCHER) {
                return;
            }
            long[] known = kept.value();
            long[] legs = known == null ? new long[FIELDS] : Arrays.copyOf(known, known.length + FIELDS);
            int mine = legs.length - FIELDS;
            long state = side;
            for (int at = 0; at < mine; at += FIELDS) {
                if (legs[at] % PAIRED != side && Math.abs(legs[at + 2] - leg.at) <= windowMs) {
                    legs[at] = legs[at] % PAIRED + PAIRED;
                    state = side + PAIRED;
                    Progress.pair(leg.amount, legs[at + 1]);
                }
            }
            legs[mine] = state;
            legs[mine + 1] = leg.amount;
            legs[mine + 2] = leg.at;
            kept.update(legs);
            // Deadlines of a second share a timer: the legs of a pair mostly need one between them.
            long deadline = leg.at + windowMs + 1;
            context.timerService().registerEventTimeTimer((deadline / TIMERS_EVERY_MS + 1) * TIMERS_EVERY_MS);
        }

        @Override
        public void onTimer(long now, OnTimerContext context, Collector<Leg> out) throws Exception {
            long[] legs = kept.value();
            if (legs == null) {
                return;
            }
            int left = 0;
            for (int at = 0; at < legs.length; at += FIELDS) {
                if (legs[at + 2] + windowMs >= now) {
                    left += FIELDS;
                } else if (legs[at] < PAIRED) {
                    giveOut(new Leg(context.getCurrentKey(), legs[at + 1], legs[at + 2]), legs[at] == 1, context);
                }
            }
            if (left == 0) {
                kept.clear();
            } else {
                kept.update(young(legs, now, left));
            }
        }

        private long[] young(long[] legs, long now, int size) {
            long[] young = new long[size];
            int to = 0;
            for (int at = 0; at < legs.length; at += FIELDS) {
                if (legs[at + 2] + windowMs >= now) {
                    System.arraycopy(legs, at, young, to, FIELDS);
                    to += FIELDS;
                }
            }
            return young;
        }

        private void giveOut(Leg leg, boolean host, OnTimerContext context) {
            (host ? Progress.ORPHANS_HOST : Progress.ORPHANS_TERMINAL).increment();
            context.output(ORPHANS, leg.orphan(host ? "host" : "terminal"));
        }
    }
}
