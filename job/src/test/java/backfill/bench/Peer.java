package backfill.bench;

import backfill.testing.TestingUpstreamTables;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Statement;

/**
 * One way to do a plan's work by hand.
 *
 * @param largestScale up to which it is run without being asked for: some ways take hours at 1
 * @param on what it is timed on
 */
record Peer(String name, double largestScale, Program program, On on) {

  /** What the databases hold when it starts. */
  enum On {
    /** The data, and nothing in the targets. */
    FRESH,
    /** The same, and once more what it wrote. */
    FRESH_AND_AGAIN,
    /** What the job wrote. */
    OURS
  }

  /** What is started for it. */
  sealed interface Program {}

  /** A JVM of its own that does some work; its start is not counted. */
  record InJava(Work work) implements Program {}

  /** A resource that Python runs, with these modules; it says itself how long it took. */
  record InPython(String resource, String modules) implements Program {
    /** Its text, as a file in this directory. */
    Path script(Path directory) {
      Path file = directory.resolve(resource.substring(resource.lastIndexOf('/') + 1));
      try {
        return Files.writeString(file, TestingUpstreamTables.resource(resource));
      } catch (IOException e) {
        throw new UncheckedIOException("cannot write " + file, e);
      }
    }
  }

  /** A main class that the job's launcher starts instead of the job; counted like the job. */
  record InSpark(Class<?> main) implements Program {}

  /** What is done in Java. */
  @FunctionalInterface
  interface Work {
    /** What is not counted. */
    default void prepare(Connections connections) throws Exception {}

    void run(Connections connections) throws Exception;
  }

  /** A text of SQL statements for the main database, as {@code psql -f} would run it. */
  static Peer sql(String name, double largestScale, String text) {
    return new Peer(
        name,
        largestScale,
        new InJava(
            connections -> {
              try (Statement statement = connections.to(Cases.MAIN).createStatement()) {
                statement.execute(text);
              }
            }),
        On.FRESH);
  }

  /** As above, at any scale, from a resource. */
  static Peer sql(String name, String resource) {
    return sql(name, Double.MAX_VALUE, TestingUpstreamTables.sql(resource));
  }

  /** At any scale, by these means. */
  static Peer of(String name, Program program) {
    return new Peer(name, Double.MAX_VALUE, program, On.FRESH);
  }

  /** The same, timed once more on what it wrote. */
  Peer withRerun() {
    return new Peer(name, largestScale, program, On.FRESH_AND_AGAIN);
  }

  /** The same, timed on what the job wrote. */
  Peer onOurs() {
    return new Peer(name, largestScale, program, On.OURS);
  }
}
