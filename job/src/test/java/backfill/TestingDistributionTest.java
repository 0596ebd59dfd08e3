package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingCheckout;
import java.nio.file.Files;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Holds the Spark that is fetched for tests and notebooks against the one that is built with. */
class TestingDistributionTest {
  @Test
  void pysparkIsTheSparkOfThePom() throws Exception {
    String pom = Files.readString(TestingCheckout.root().resolve("pom.xml"));
    String version =
        Pattern.compile("<spark.version>(.*)</spark.version>")
            .matcher(pom)
            .results()
            .map(found -> found.group(1))
            .findAny()
            .orElseThrow();

    for (String file : List.of("requirements.txt", "constraints.txt")) {
      assertThat(TestingCheckout.lines(TestingCheckout.root().resolve("notebooks").resolve(file)))
          .contains("pyspark==" + version);
    }
  }
}
