package backfill.bench.load;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** A process of {@link RerunOnDemand} from outside; a command that speaks like it will do. */
final class RepeatedJob implements AutoCloseable {
  private final Process process;
  private final BufferedReader said;
  private final OutputStream asked;
  private final Path log;

  private RepeatedJob(Process process, Path log) {
    this.process = process;
    this.log = log;
    said = process.inputReader(StandardCharsets.UTF_8);
    asked = process.getOutputStream();
  }

  static RepeatedJob start(List<String> command, Map<String, String> environment, Path log)
      throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()));
    builder.environment().putAll(environment);
    return new RepeatedJob(builder.start(), log);
  }

  /** Runs the job once more, to its end. */
  SoakSample.Job run() throws IOException {
    asked.write('\n');
    asked.flush();
    String line = said.readLine();
    while (line != null && !line.startsWith(RerunOnDemand.MARK)) {
      line = said.readLine();
    }
    String[] words = line == null ? new String[0] : line.split(" ");
    if (words.length != 3 || !words[1].equals("0")) {
      throw new IOException(
          "a rerun ended with %s; %s has what it said"
              .formatted(words.length == 3 ? "exit code " + words[1] : "its process", log));
    }
    return new SoakSample.Job(Long.parseLong(words[2]), residentBytes());
  }

  /** Null where there is no /proc. */
  private Long residentBytes() throws IOException {
    Path status = Path.of("/proc", Long.toString(process.pid()), "status");
    if (!Files.exists(status)) {
      return null;
    }
    return Files.readAllLines(status).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .map(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
        .findFirst()
        .orElse(null);
  }

  /** It ends when it is asked for nothing any more. */
  @Override
  public void close() throws IOException {
    asked.close();
    process.onExit().join();
  }
}
