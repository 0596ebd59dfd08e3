package backfill.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine;

/** The job's version, from the one place that has it: the parent POM. */
public final class Version implements CommandLine.IVersionProvider {
  public static String number() {
    try (InputStream in = Version.class.getResourceAsStream("/backfill/version.txt")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).strip();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read version.txt beside the job's classes", e);
    }
  }

  @Override
  public String[] getVersion() {
    return new String[] {"backfill " + number() + ", Java " + System.getProperty("java.version")};
  }
}
