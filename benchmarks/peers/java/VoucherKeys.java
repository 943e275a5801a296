import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerInterceptor;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;

/**
 * Gives every record its voucher as key before Kafka Streams sees it.
 *
 * <p>All legs of a terminal already lie in one partition. {@code selectKey} cannot know that and would write every
 * record to a topic in between and read it again.
 */
public final class VoucherKeys implements ConsumerInterceptor<byte[], byte[]> {
    @Override
    public ConsumerRecords<byte[], byte[]> onConsume(ConsumerRecords<byte[], byte[]> records) {
        Map<TopicPartition, List<ConsumerRecord<byte[], byte[]>>> changed = new HashMap<>();
        for (TopicPartition place : records.partitions()) {
            List<ConsumerRecord<byte[], byte[]>> list = new ArrayList<>();
            for (ConsumerRecord<byte[], byte[]> record : records.records(place)) {
                list.add(keyed(record));
            }
            changed.put(place, list);
        }
        return new ConsumerRecords<>(changed, records.nextOffsets());
    }

    private static ConsumerRecord<byte[], byte[]> keyed(ConsumerRecord<byte[], byte[]> record) {
        Leg leg = Leg.parse(record.value(), record.timestamp());
        // Without a voucher it still tells the time, under a key that never meets another.
        byte[] key = (leg == null ? "|" + record.partition() + "|" + record.offset() + "|" + record.topic() : leg.key)
                .getBytes(StandardCharsets.UTF_8);
        byte[] value = LegSerde.bytes(leg == null ? new Leg("", Leg.NO_VOUCHER, record.timestamp()) : leg);
        return new ConsumerRecord<>(
                record.topic(), record.partition(), record.offset(), record.timestamp(), TimestampType.CREATE_TIME,
                key.length, value.length, key, value, new RecordHeaders(), Optional.empty());
    }

    @Override
    public void onCommit(Map<TopicPartition, OffsetAndMetadata> offsets) {}

    @Override
    public void close() {}

    @Override
    public void configure(Map<String, ?> configs) {}
}
