package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDiff;
import backfill.testing.TestingRun;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two diffs, or two reports, side by side: what one would do that the other would not. */
class DiffCommandTest {
  private static final String HEAD =
      "step,target,event,key,direct,groups,moreGroups,chain,before,after,varying\n";

  @TempDir private Path directory;

  private static String pair(int object, int user, String groups) {
    return "{\"step\":\"s\",\"target\":\"public.t\",\"event\":\"INSERT\",\"key\":{\"o\":\"%d\",\"u\":\"%d\"},\"direct\":[],\"groups\":[%s],\"moreGroups\":0}\n"
        .formatted(object, user, groups);
  }

  private static String set(String key, String after, String at) {
    return "{\"step\":\"r\",\"target\":\"public.r\",\"event\":\"UPDATE\",\"key\":{\"id\":\"%s\"},\"before\":{\"v\":null},\"after\":{\"v\":%s,\"at\":\"%s\"},\"varying\":[\"at\"]}\n"
        .formatted(key, after, at);
  }

  private String file(String name, String... texts) throws IOException {
    Path file = directory.resolve(name);
    Files.createDirectories(file.getParent());
    try (OutputStream out = Files.newOutputStream(file)) {
      for (String text : texts) {
        if (name.endsWith(".gz")) {
          // As many members as there are parts.
          GZIPOutputStream member = new GZIPOutputStream(out);
          member.write(text.getBytes(StandardCharsets.UTF_8));
          member.finish();
        } else {
          out.write(text.getBytes(StandardCharsets.UTF_8));
        }
      }
    }
    return file.toString();
  }

  private static TestingRun diff(String... words) {
    String[] all = new String[words.length + 1];
    all[0] = "diff";
    System.arraycopy(words, 0, all, 1, words.length);
    return TestingRun.of(Map.of(), all);
  }

  @Test
  void rowsOfOneThatTheOtherHasNotAreShownWhateverTheirFormatsAndReasons() throws IOException {
    String a =
        file(
            "a.jsonl.gz",
            pair(1, 1, "\"7\"") + pair(1, 2, ""),
            pair(1, 3, "") + set("k", "\"x,\\\"y\\\"\"", "2026-01-01"),
            set("l", "\"1\"", "2026-01-01"));
    String b =
        file(
            "b.csv",
            HEAD,
            "s,public.t,INSERT,\"{\"\"u\"\":\"\"1\"\",\"\"o\"\":\"\"1\"\"}\",[],\"[\"\"8\"\",\"\"9\"\"]\",0,,,,\n",
            "s,public.t,DELETE,\"{\"\"o\"\":\"\"1\"\",\"\"u\"\":\"\"3\"\"}\",,,,,,,\n",
            "r,public.r,UPDATE,\"{\"\"id\"\":\"\"k\"\"}\",,,,,,\"{\"\"v\"\":\"\"x,\\\"\"y\\\"\"\"\",\"\"at\"\":\"\"2027-02-02\"\"}\",\"[\"\"at\"\"]\"\n",
            "r,public.r,UPDATE,\"{\"\"id\"\":\"\"l\"\"}\",,,,,,\"{\"\"v\"\":null,\"\"at\"\":\"\"2027-02-02\"\"}\",\"[\"\"at\"\"]\"\n");

    TestingRun run = diff(a, b, "--limit", "2");

    assertThat(run.code()).as(run.said()).isZero();
    assertThat(run.line().path("different").asBoolean()).isTrue();
    JsonNode found = run.line().path("comparison");
    assertThat(found.path("rowsInA").asInt()).isEqualTo(5);
    assertThat(found.path("rowsInB").asInt()).isEqualTo(4);
    assertThat(found.path("inBoth").asInt()).isEqualTo(2);
    assertThat(found.path("onlyInA").asInt()).isEqualTo(3);
    assertThat(found.path("onlyInB").asInt()).isEqualTo(2);
    assertThat(found.path("steps").toString())
        .isEqualTo("{\"s\":{\"inA\":2,\"inB\":1},\"r\":{\"inA\":1,\"inB\":1}}");
    assertThat(run.out())
        .anySatisfy(line -> assertThat(line).contains("{\"o\":\"1\",\"u\":\"2\"}"));
    assertThat(run.out()).contains("different: 3 rows in A only, 2 rows in B only, 2 rows in both");
    assertThat(run.report().path("firstDifferences").path("onlyInA")).hasSize(2);
    assertThat(run.report().path("firstDifferences").path("onlyInB").path(0).path("event").asText())
        .isEqualTo("DELETE");

    TestingRun same = diff(a, file("a copy.jsonl", TestingDiff.text(Path.of(a))));
    assertThat(same.code()).isZero();
    assertThat(same.line().path("different").asBoolean(true)).isFalse();
    assertThat(same.out()).contains("equal: 5 rows in both");
    String parts = Path.of(file("parts.jsonl/part-00000.jsonl", pair(1, 1, ""))).getParent() + "/";
    file("parts.jsonl/part-00001.jsonl", pair(1, 1, ""), pair(1, 2, ""));
    assertThat(diff(parts, a).line().path("comparison").path("onlyInA").asInt())
        .as("a row that comes twice is in the other once")
        .isEqualTo(1);
    assertThat(diff(file("none.csv", HEAD), a).line().path("comparison").path("onlyInB").asInt())
        .isEqualTo(5);
  }

  private static String report(String hash, String steps) {
    return "{\n  \"reportVersion\" : 1, \"plan\": \"p\", \"planHash\": \"%s\", \"databases\": {\"main\": {\"server\": \"h/d\"}}, \"steps\": [%s] }"
        .formatted(hash, steps);
  }

  @Test
  void reportsAreComparedStepByStep() throws IOException {
    String step = "{\"name\": \"s\", \"toInsert\": %d, \"diffRows\": %2$s, \"diffChecksum\": %2$s}";
    String a = file("a.json", report("1", step.formatted(3, "3")));
    String b = file("b.json", report("1", step.formatted(3, "4")));
    String written = file("run.json", report("1", step.formatted(3, "null")));

    TestingRun run = diff(a, b);

    assertThat(run.code()).as(run.said()).isZero();
    assertThat(run.line().path("different").asBoolean()).isTrue();
    assertThat(run.line().path("comparison").path("differences").toString())
        .contains("{\"step\":\"s\",\"what\":\"diffChecksum\",\"a\":\"3\",\"b\":\"4\"}");
    assertThat(diff(a, written).out())
        .contains("equal: the plan, the databases, and what each step would do");
    String other = file("other.json", report("2", ""));
    assertThat(diff(a, other).line().path("comparison").path("differences")).hasSize(2);
  }

  @Test
  void whatCannotBeComparedIsRefused() throws IOException {
    String rows = file("rows.jsonl", pair(1, 1, ""));
    String report = file("report.json", report("1", ""));

    assertRefused(diff(rows, report), "is the rows of a diff and " + report + " is a report");
    assertRefused(diff(rows, rows + "x"), "rows.jsonlx: is not there");
    assertRefused(diff(rows, file("x.txt", "what?")), "x.txt: is neither a file that --diff wrote");
    assertRefused(diff(rows, rows, "--limit", "-1"), "--limit: is 0 or more, not -1");
    TestingRun broken = diff(rows, file("broken.jsonl", pair(1, 1, ""), "{\"step\":\"s\","));
    assertThat(broken.code()).isEqualTo(4);
    assertThat(broken.said()).contains("line 2 of " + directory.resolve("broken.jsonl"));
  }

  private static void assertRefused(TestingRun run, String said) {
    assertThat(run.code()).as(said).isEqualTo(2);
    assertThat(run.said()).contains(said).doesNotContain("\tat ");
  }
}
