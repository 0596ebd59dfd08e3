package backfill;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** One command of the job, run in this JVM on the session of {@link TestingSpark}. */
record TestingCommand(int exitCode, List<String> out, String err) {

  static TestingCommand run(Map<String, String> environment, String... words) {
    TestingSpark.session();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int exitCode = CommandLineJob.run(environment, printing(out), printing(err), words);
    return new TestingCommand(
        exitCode,
        out.toString(StandardCharsets.UTF_8).lines().toList(),
        err.toString(StandardCharsets.UTF_8));
  }

  private static PrintStream printing(ByteArrayOutputStream bytes) {
    return new PrintStream(bytes, true, StandardCharsets.UTF_8);
  }

  /** Standard output without its last line, which is JSON. */
  List<String> printed() {
    return out.subList(0, out.size() - 1);
  }

  /** The last line of standard output. */
  String line() {
    return out.get(out.size() - 1);
  }
}
