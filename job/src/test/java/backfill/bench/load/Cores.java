package backfill.bench.load;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Which processor the server has to itself, and which one the job and the application share.
 *
 * @param absent why nothing is pinned on this machine; empty where it is
 */
record Cores(int server, int clients, String absent) {
  /** Where it can be done, the first two processors. */
  static Cores ofThisMachine() {
    return of(Runtime.getRuntime().availableProcessors(), System.getenv("PATH"));
  }

  static Cores of(int processors, String path) {
    boolean taskset =
        Stream.of(path.split(File.pathSeparator))
            .anyMatch(directory -> Files.isExecutable(Path.of(directory, "taskset")));
    String absent = "";
    if (processors < 2) {
      absent = "nothing is pinned: this machine has one processor";
    } else if (!taskset) {
      absent = "nothing is pinned: this machine has no taskset";
    }
    return new Cores(0, 1, absent);
  }

  boolean isPinning() {
    return absent.isEmpty();
  }

  /** Keeps this process, and what it starts from now on, on one processor. */
  void move(int core) throws IOException, InterruptedException {
    if (!isPinning()) {
      return;
    }
    String pid = Long.toString(ProcessHandle.current().pid());
    List<String> command = List.of("taskset", "-a", "-c", "-p", Integer.toString(core), pid);
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes()).strip();
    if (process.waitFor() != 0) {
      throw new IOException(String.join(" ", command) + " failed: " + said);
    }
  }

  /**
   * A command that yields its processor to the application, whose threads would otherwise wait for
   * it where they run: the server's answer is measured, not the client's machine.
   */
  List<String> behindApplication(List<String> command) {
    List<String> words = new ArrayList<>();
    if (isPinning()) {
      words.addAll(List.of("taskset", "-c", Integer.toString(clients), "nice", "-n", "5"));
    }
    words.addAll(command);
    return words;
  }
}
