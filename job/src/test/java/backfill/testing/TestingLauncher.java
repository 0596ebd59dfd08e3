package backfill.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A checkout for the launcher alone, with scripts in the places of java, Maven and spark-submit.
 */
public final class TestingLauncher {
  public final Path directory;
  public final Path root;
  public final Path bin;

  /** What the launcher finds set, besides the PATH. */
  public final Map<String, String> environment = new HashMap<>();

  public TestingLauncher(Path directory) throws IOException {
    this.directory = directory;
    root = Files.createDirectories(directory.resolve("a checkout"));
    bin = Files.createDirectories(directory.resolve("bin"));
    for (String file :
        List.of(
            "job/bin/backfill",
            "job/jvm.options",
            "conf/spark-defaults.conf",
            "pom.xml",
            "job/pom.xml")) {
      Files.createDirectories(root.resolve(file).getParent());
      Files.copy(
          TestingCheckout.root().resolve(file),
          root.resolve(file),
          StandardCopyOption.COPY_ATTRIBUTES);
    }
    // The tests know which Javas are installed.
    Path launcher = root.resolve("job/bin/backfill");
    Files.writeString(
        launcher, Files.readString(launcher).replace("/usr/lib/jvm", directory + "/jvm"));
    environment.put("HOME", directory.toString());
    write("job/src/main/java/Main.java", "class Main {}");
    write("lib.jar", "");
    script(
        "mvn",
        "echo $$ >> '%1$s/builds'; sleep 0.3; mkdir -p '%1$s/job/target'; cd '%1$s/job/target'",
        "touch backfill.jar; echo '%1$s/lib.jar' | tee spark.classpath > demo.classpath");
    script(
        "java",
        "if [ \"$1\" = -version ]; then echo \"openjdk version \\\"${STUB_JAVA-17.0.9}\\\"\" >&2; exit; fi",
        "case \"$*\" in *AOTCacheOutput*' demo') [ -z \"${STUB_DEMO_CODE-}\" ] || exit $STUB_DEMO_CODE;; esac",
        "for word in \"$@\"; do case $word in -XX:ArchiveClassesAtExit=* | -XX:AOTCacheOutput=*)",
        "  echo made > \"${word#*=}\"; echo \"$*\" >> '%1$s/archives'; eval \"${STUB_ARCHIVE_WAIT-}\";; esac; done",
        "case \"$*\" in *backfill.load=only*) [ \"${STUB_LOAD_CODE-0}\" = 0 ] || printf '%%s\\n' \"$@\"",
        "  exit ${STUB_LOAD_CODE-0};; esac",
        "case \"$*\" in *Training*|*AOTCacheOutput*|*-Xshare:on*|*-XX:AOTMode=on*) exit ${STUB_ARCHIVE_CODE-0};; esac",
        "printf '%%s\\n' \"$@\"; eval \"${STUB_WAIT-}\"; exit ${STUB_CODE-0}");
    environment.put("PATH", bin + ":" + System.getenv("PATH"));
  }

  public long builds() throws IOException {
    return Files.readAllLines(root.resolve("builds")).size();
  }

  public TestingOutcome launch(String... words) throws Exception {
    return end(begin(words));
  }

  public Process begin(String... words) throws IOException {
    return begin(root.resolve("job/bin/backfill"), words);
  }

  public Process begin(Path launcher, String... words) throws IOException {
    List<String> command = new ArrayList<>(List.of(launcher.toString()));
    command.addAll(List.of(words));
    ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile());
    builder
        .environment()
        .keySet()
        .removeIf(name -> name.startsWith("SPARK_") || name.startsWith("BACKFILL_"));
    builder.environment().remove("JAVA_HOME");
    builder.environment().putAll(environment);
    return builder.start();
  }

  public static TestingOutcome end(Process process) throws Exception {
    String out = new String(process.getInputStream().readAllBytes());
    String err = new String(process.getErrorStream().readAllBytes());
    return new TestingOutcome(process.waitFor(), out, err);
  }

  public static Path which(String tool) throws IOException {
    for (String place : System.getenv("PATH").split(":")) {
      if (Files.isExecutable(Path.of(place, tool))) {
        return Path.of(place, tool);
      }
    }
    throw new IOException("no " + tool + " on the PATH");
  }

  /** Another Java where systems keep them, which says {@code java of JAVA} and its words. */
  public Path install(String name, String version) throws IOException {
    Path home = Files.createDirectories(directory.resolve("jvm").resolve(name));
    Files.writeString(home.resolve("release"), "JAVA_VERSION=\"" + version + "\"\n");
    Files.createDirectories(home.resolve("bin"));
    Path java = home.resolve("bin/java");
    Files.writeString(
        java,
        "#!/bin/bash\nexport STUB_JAVA=%s\n[ \"$1\" = -version ] || echo \"java of %s\"\nexec '%s/java' \"$@\"\n"
            .formatted(version, name, bin));
    Files.setPosixFilePermissions(java, PosixFilePermissions.fromString("rwxr-xr-x"));
    return home;
  }

  private void write(String file, String text) throws IOException {
    Files.createDirectories(root.resolve(file).getParent());
    Files.writeString(root.resolve(file), text);
  }

  public void script(String name, String... lines) throws IOException {
    Path file = bin.resolve(name);
    Files.writeString(file, ("#!/bin/bash\n" + String.join("\n", lines) + "\n").formatted(root));
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }
}
