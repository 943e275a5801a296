import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.LongAdder;

/** Records handled so far and what they came to; printed ten times a second for the runner. */
final class Progress {
    static final LongAdder HANDLED = new LongAdder();
    static final LongAdder PAIRS = new LongAdder();
    static final LongAdder MISMATCHED = new LongAdder();
    static final LongAdder ORPHANS_TERMINAL = new LongAdder();
    static final LongAdder ORPHANS_HOST = new LongAdder();

    private static final long LINE_EVERY_MS = 100;

    private Progress() {}

    static void keepTelling() {
        Thread teller = new Thread(Progress::tell, "progress");
        teller.setDaemon(true);
        teller.start();
    }

    static void pair(long terminalAmount, long hostAmount) {
        PAIRS.increment();
        if (terminalAmount != hostAmount) {
            MISMATCHED.increment();
        }
    }

    private static void tell() {
        try (FileOutputStream out = new FileOutputStream(FileDescriptor.out)) {
            while (true) {
                String line = String.format(
                        "{\"handled\": %d, \"pairs\": %d, \"mismatched\": %d, \"orphans_terminal\": %d, \"orphans_host\": %d}%n",
                        HANDLED.sum(), PAIRS.sum(), MISMATCHED.sum(), ORPHANS_TERMINAL.sum(), ORPHANS_HOST.sum());
                out.write(line.getBytes(StandardCharsets.UTF_8));
                Thread.sleep(LINE_EVERY_MS);
            }
        } catch (IOException | InterruptedException ended) {
            Thread.currentThread().interrupt();
        }
    }
}
