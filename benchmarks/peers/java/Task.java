import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;

/** What the runner asks of a peer, as one JSON argument. */
record Task(
        String servers, String terminal, String host, String orphans, String group, String folder, int threads,
        long windowMs) {
    static Task of(String argument) throws IOException {
        Map<String, String> fields = new HashMap<>();
        try (JsonParser parser = new JsonFactory().createParser(argument)) {
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                if (parser.currentToken() == JsonToken.FIELD_NAME) {
                    String name = parser.currentName();
                    parser.nextToken();
                    fields.put(name, parser.getText());
                }
            }
        }
        return new Task(
                fields.get("servers"), fields.get("terminal"), fields.get("host"), fields.get("orphans"),
                fields.get("group"), fields.get("folder"), Integer.parseInt(fields.get("threads")),
                Long.parseLong(fields.get("window_ms")));
    }
}
