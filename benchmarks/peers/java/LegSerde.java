import java.nio.ByteBuffer;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serializer;

/** Amount and time in 16 bytes: what the join's stores hold of a leg, whose key they know. */
public final class LegSerde implements Serde<Leg> {
    static byte[] bytes(Leg leg) {
        return ByteBuffer.allocate(2 * Long.BYTES).putLong(leg.amount).putLong(leg.at).array();
    }

    @Override
    public Serializer<Leg> serializer() {
        return (topic, leg) -> leg == null ? null : bytes(leg);
    }

    @Override
    public Deserializer<Leg> deserializer() {
        return (topic, data) -> {
            if (data == null) {
                return null;
            }
            ByteBuffer buffer = ByteBuffer.wrap(data);
            return new Leg("", buffer.getLong(), buffer.getLong());
        };
    }
}
