package backfill.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What installs packages into an environment of Python: uv, which takes a tenth of pip's time, and
 * pip where uv cannot be had or fails. Both, and what both are told, are in an environment of their
 * own, which is made once.
 */
record TestingInstaller(Path home) {
  private static final Duration PATIENCE = Duration.ofMinutes(20);
  private static final String UV = "uv==0.13.8";
  private static final List<String> PIP =
      List.of(
          "-m",
          "pip",
          "install",
          "--quiet",
          // What is imported is compiled then; most modules never are.
          "--no-compile",
          "--disable-pip-version-check",
          "--no-input",
          "--retries=2",
          "--timeout=30");

  /** A wheel that is made of pyspark is 450 MB, of jars: to compress them again takes a minute. */
  private static final String UNCOMPRESSED = "[bdist_wheel]\ncompression = stored\n";

  /** Fails with what Python said where it has no venv module. */
  static TestingOutcome make(Path home) throws Exception {
    Path done = home.resolve("done");
    if (Files.exists(done)) {
      return new TestingOutcome(0, "", "");
    }
    TestingOutcome made = end("python3", "-m", "venv", "--clear", home.toString());
    if (made.code() == 0) {
      TestingInstaller installer = new TestingInstaller(home);
      Files.writeString(installer.configuration(), UNCOMPRESSED);
      installer.pip(home, UV);
      Files.createFile(done);
    }
    return made;
  }

  /** Makes an environment with what is named in these files; what pip said, where it was asked. */
  TestingOutcome install(Path environment, Path requirements, Path constraints) throws Exception {
    String[] words = {"--requirement=" + requirements, "--constraint=" + constraints};
    TestingOutcome made =
        end("python3", "-m", "venv", "--clear", "--without-pip", environment.toString());
    if (made.code() != 0 || uv(environment, words).code() == 0) {
      return made;
    }
    TestingOutcome pip = end(environment.resolve("bin/python").toString(), "-m", "ensurepip");
    return pip.code() == 0 ? pip(environment, words) : pip;
  }

  private TestingOutcome uv(Path environment, String... words) throws Exception {
    List<String> command = new ArrayList<>(List.of(home.resolve("bin/uv").toString()));
    command.addAll(List.of("pip", "install", "--quiet", "--python=" + environment));
    command.addAll(List.of(words));
    return end(command);
  }

  private TestingOutcome pip(Path environment, String... words) throws Exception {
    List<String> command = new ArrayList<>(List.of(environment.resolve("bin/python").toString()));
    command.addAll(PIP);
    command.addAll(List.of(words));
    return end(command);
  }

  private Path configuration() {
    return home.resolve("wheels.cfg");
  }

  private TestingOutcome end(List<String> command) throws Exception {
    return end(Map.of("DIST_EXTRA_CONFIG", configuration().toString()), command);
  }

  private static TestingOutcome end(String... command) throws Exception {
    return end(Map.of(), List.of(command));
  }

  private static TestingOutcome end(Map<String, String> environment, List<String> command)
      throws Exception {
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().putAll(environment);
    try {
      return TestingOutcome.of(PATIENCE, builder);
    } catch (IOException e) {
      return new TestingOutcome(127, "", e.getMessage());
    }
  }
}
