package backfill.plan;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.RepeatedTest;

/**
 * The scanner and the HOCON parser agree about random texts: the parser's tree tells when a key was
 * lost.
 */
class RandomTextsTest {
  private static final List<String> SCALARS =
      List.of(
          "1",
          "two words",
          "\"} , k = 1 \\\" #\"",
          "\"\"\"\n k = 1 } ] \"\" {\n\"\"\"\"",
          "${?no_such} text",
          "7 days",
          "\"a\" b \"\"\"c\"\"\"");
  private static final List<String> GAPS =
      List.of("\n", ",", " , \n", "\n# k = 1 {\n", " // \" [ k = 1\n", "\r\n\n");

  private final long seed = new Random().nextLong();
  private final Random random = new Random(seed);
  private int leaves;

  @RepeatedTest(200)
  void oneRepeatedKeyIsFoundAndNothingElse() {
    String text = object(3);
    assertThat(found(text)).as("seed %s%n%s", seed, text).isEmpty();
    assertThat(count(text)).as("seed %s%n%s", seed, text).isEqualTo(leaves);

    String broken = text + "last { k = 1" + gap() + "\"k\" : 2" + gap() + "}";
    assertThat(found(broken)).as("seed %s%n%s", seed, broken).hasSize(1);
    assertThat(count(broken)).as("seed %s%n%s", seed, broken).isEqualTo(leaves + 1);
  }

  /** Fields with keys that differ, in any notation. */
  private String object(int depth) {
    StringBuilder fields = new StringBuilder();
    int size = 1 + random.nextInt(4);
    for (int i = 0; i < size; i++) {
      String key =
          List.of("k" + i, "\"k" + i + "\"", "k" + i + ".sub", " k" + i).get(random.nextInt(4));
      fields.append(key).append(value(depth)).append(gap());
    }
    return fields.toString();
  }

  private String value(int depth) {
    int kind = depth == 0 ? 0 : random.nextInt(4);
    if (kind == 1) {
      return pick(List.of(" ", " = ", ":", " =\n"))
          + "{"
          + gap().replace(",", "")
          + object(depth - 1)
          + "}";
    } else if (kind == 2) {
      return " = [{" + object(depth - 1) + "}" + gap() + "{" + object(depth - 1) + "}]";
    }
    leaves++;
    return pick(List.of(" = ", ":", "=\n")) + pick(SCALARS);
  }

  private String gap() {
    return pick(GAPS);
  }

  private String pick(List<String> from) {
    return from.get(random.nextInt(from.size()));
  }

  private static int count(String text) {
    return leaves(ConfigFactory.parseString(text).resolve().root().unwrapped());
  }

  private static int leaves(Object value) {
    if (value instanceof Map<?, ?> map) {
      return map.values().stream().mapToInt(RandomTextsTest::leaves).sum();
    } else if (value instanceof List<?> list) {
      return list.stream().mapToInt(RandomTextsTest::leaves).sum();
    }
    return 1;
  }

  private static List<String> found(String text) {
    FoundProblems problems = new FoundProblems("t");
    new RepeatedKeys(text, problems);
    try {
      problems.throwIfAny();
      return List.of();
    } catch (InvalidPlanException e) {
      return e.problems().stream()
          .map(InvalidPlanException.Problem::message)
          .filter(message -> !message.startsWith("${?no_such}"))
          .toList();
    }
  }
}
