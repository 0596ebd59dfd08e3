package backfill.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The model of the ledger's protocol, {@code src/test/model/Protocol.tla}, checked by TLC in a JVM
 * of its own for each scene; what it was given is under {@code target/model}.
 */
public final class TestingModel {
  private static final Path MODEL =
      TestingCheckout.root().resolve("job/src/test/model/Protocol.tla");
  private static final Path PLACE = TestingCheckout.root().resolve("job/target/model");

  /** What the product does, and the model can leave out. */
  public static final List<String> GUARDS =
      List.of(
          "ChecksEpoch",
          "SharesLock",
          "KeepsKeys",
          "SeesCommitted",
          "AsksHowFar",
          "Seals",
          "Expires",
          "AwaitsRenewal");

  private static final Pattern VIOLATED =
      Pattern.compile(
          "(?:Invariant|Action property|Temporal properties) ?(\\w*) ?(?:is|were) violated");

  private TestingModel() {}

  /**
   * So much of the world that every state of it can be looked at.
   *
   * @param constants as in {@code Rows = 2}
   * @param live whether it is asked to come to its end, too
   */
  public record Scene(String name, boolean live, String... constants) {
    /** Checks it, without some of what the product does. */
    Outcome check(String... without) throws Exception {
      Path place = PLACE.resolve(name + String.join("", without));
      Files.createDirectories(place);
      Files.copy(
          MODEL, place.resolve("Protocol.tla"), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
      Files.writeString(place.resolve("Protocol.cfg"), configuration(List.of(without)));
      Process checker =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-Xmx1g",
                  "-XX:TieredStopAtLevel=1",
                  "-XX:+UseSerialGC",
                  "-Djava.io.tmpdir=" + place,
                  "-cp",
                  checkerClasses(),
                  "tlc2.TLC",
                  "-workers",
                  "1",
                  "-metadir",
                  place.resolve("states").toString(),
                  "Protocol.tla")
              .directory(place.toFile())
              .redirectErrorStream(true)
              .redirectOutput(place.resolve("out.txt").toFile())
              .start();
      checker.waitFor();
      return Outcome.of(Files.readString(place.resolve("out.txt")));
    }

    private String configuration(List<String> without) {
      StringBuilder text = new StringBuilder("SPECIFICATION " + (live ? "Live" : "Safety") + "\n");
      text.append("CONSTANTS\n  None = None\n");
      for (String constant : constants) {
        text.append("  ").append(constant).append('\n');
      }
      for (String guard : GUARDS) {
        String does = Boolean.toString(!without.contains(guard)).toUpperCase(Locale.ROOT);
        text.append("  %s = %s%n".formatted(guard, does));
      }
      return text
          + "INVARIANTS EachRangeOnce CountsAreRows ReportsStayTrue DoneIsDone NoLeaseIsLeft\n"
          + "PROPERTY OldEpochsAreOver"
          + (live ? " SomeRunEnds" : "")
          + "\nCHECK_DEADLOCK FALSE\n";
    }
  }

  /**
   * What the checker found.
   *
   * @param violated the property that does not hold; empty where all do, {@code temporal} where it
   *     is the one of coming to an end
   * @param output for messages
   */
  public record Outcome(String violated, String output) {
    private static Outcome of(String output) {
      Matcher found = VIOLATED.matcher(output);
      if (found.find()) {
        return new Outcome(found.group(1).isEmpty() ? "temporal" : found.group(1), output);
      }
      if (!output.contains("Model checking completed. No error has been found.")) {
        throw new AssertionError("the model could not be checked: " + output);
      }
      return new Outcome("", output);
    }
  }

  /** One question to the checker. */
  public record Check(Scene scene, String... without) {}

  /** Checks two at a time; the outcomes are in the order of the questions. */
  public static List<Outcome> outcomes(List<Check> checks) {
    ExecutorService two = Executors.newFixedThreadPool(2);
    try {
      List<CompletableFuture<Outcome>> all = new ArrayList<>();
      for (Check check : checks) {
        all.add(CompletableFuture.supplyAsync(() -> outcome(check), two));
      }
      return all.stream().map(CompletableFuture::join).toList();
    } finally {
      two.shutdownNow();
    }
  }

  private static Outcome outcome(Check check) {
    try {
      return check.scene().check(check.without());
    } catch (Exception e) {
      throw new AssertionError("the model could not be checked", e);
    }
  }

  private static String checkerClasses() throws IOException {
    try {
      return Path.of(
              Class.forName("tlc2.TLC").getProtectionDomain().getCodeSource().getLocation().toURI())
          .toString();
    } catch (ReflectiveOperationException | java.net.URISyntaxException e) {
      throw new IOException("TLC is not on the class path of the tests", e);
    }
  }
}
