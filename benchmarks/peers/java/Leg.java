import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** What a join keeps of one side of a voucher; public fields and an empty constructor make it a POJO of Flink's. */
public final class Leg {
    private static final JsonFactory JSON = new JsonFactory();
    private static final long NO_AMOUNT = -1;

    /** Stands for the amount of a record that only tells the time. */
    public static final long NO_VOUCHER = -2;

    /** Terminal, voucher number without leading zeros, class. */
    public String key;
    /** Minor units, -1 where there is none. */
    public long amount = NO_AMOUNT;
    /** Record timestamp in epoch milliseconds. */
    public long at;

    public Leg() {}

    public Leg(String key, long amount, long at) {
        this.key = key;
        this.amount = amount;
        this.at = at;
    }

    /** Reads a whole event as a stream of tokens and keeps the four fields that count; null where there is no voucher. */
    public static Leg parse(byte[] value, long at) {
        String terminal = null;
        String number = null;
        String kind = null;
        long amount = NO_AMOUNT;
        try (JsonParser parser = JSON.createParser(value)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                return null;
            }
            String name;
            while ((name = parser.nextFieldName()) != null) {
                JsonToken token = parser.nextToken();
                switch (name) {
                    case "terminal_id" -> terminal = token == JsonToken.VALUE_STRING ? parser.getText() : null;
                    case "voucher_number" -> number = token == JsonToken.VALUE_STRING ? parser.getText() : null;
                    case "kind" -> kind = token == JsonToken.VALUE_STRING ? parser.getText() : null;
                    case "amount" -> amount = token == JsonToken.VALUE_NUMBER_INT ? parser.getLongValue() : NO_AMOUNT;
                    default -> parser.skipChildren();
                }
            }
            if (parser.currentToken() != JsonToken.END_OBJECT || terminal == null || number == null) {
                return null;
            }
        } catch (IOException malformed) {
            return null;
        }
        String voucher = number.strip();
        int from = 0;
        while (from < voucher.length() && voucher.charAt(from) == '0') {
            from++;
        }
        String own = "reversal".equals(kind) ? "|R" : "|T";
        return new Leg(terminal.strip() + '|' + voucher.substring(from) + own, amount, at);
    }

    /** Returns the bytes of an orphan's record. */
    public byte[] orphan(String source) {
        return ("{\"source\":\"" + source + "\",\"key\":\"" + key + "\",\"amount\":" + amount + ",\"at\":" + at + "}")
                .getBytes(StandardCharsets.UTF_8);
    }
}
