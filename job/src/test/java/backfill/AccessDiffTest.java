package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDiff;
import backfill.testing.TestingDojo;
import backfill.testing.TestingRandomGrants;
import backfill.testing.TestingRun;
import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every row that a run adds, sets or takes away is in the diff, and why. */
class AccessDiffTest {
  private static final String PRODUCTS = "dojo_product_authorized_users";
  private static final String TYPES = "dojo_product_type_authorized_users";
  private static final String[] STEPS = {"product-users", "product-type-users", "user-flags"};

  @TempDir private static Path directory;
  private static TestingDojo there;
  private static Path plain;

  @BeforeAll
  static void fill() throws Exception {
    there = TestingDojo.create();
    TestingRandomGrants.fill(there.connection, TestingRandomGrants.anySeed());
    there
        .dojo
        .productMember("p", "u", "Reader")
        .authorizedUser("p", "v")
        .globalRoleUser("v", "Owner");
    for (int group = 1; group <= 25; group++) {
      there.dojo.productGroup("p", "group " + group).group("group " + group, "u", "w");
    }
    plain = told("plain.jsonl");
  }

  @AfterAll
  static void drop() throws Exception {
    there.close();
  }

  private static Path told(String name, String... options) {
    TestingRun plan =
        there.run(
            "plan",
            Stream.concat(Stream.of("--diff", directory + "/" + name), Stream.of(options))
                .toArray(String[]::new));
    assertThat(plan.code()).as(plan.said()).isZero();
    assertThat(plan.step("product-users").path("diffRows").asInt()).isPositive();
    return directory.resolve(name);
  }

  /** The plan as it is, with a target that cannot be written. */
  private static void assertRefused(String target, String... said) {
    TestingRun plan = there.run("plan", "--diff", target);
    assertThat(plan.code()).as(target).isEqualTo(2);
    assertThat(plan.said()).contains("--diff: cannot write " + target + "; ").contains(said);
    assertThat(plan.said()).doesNotContain("preflight").doesNotContain("\tat ");
    assertThat(plan.report().path("error").path("stage").asText()).isEqualTo("load");
  }

  private static List<String> checksums(TestingRun run) {
    return Stream.of(STEPS).map(step -> run.step(step).path("diffChecksum").asText()).toList();
  }

  @Test
  void rowsAreThoseByWhichTheTablesBecomeWhatTheyAreAndTheRunTellsTheSame() throws Exception {
    try (TestingDojo own = TestingDojo.create()) {
      TestingRandomGrants.fill(own.connection, TestingRandomGrants.anySeed());
      own.dojo.globalRoleUser("x", "Owner").productMember("p", "x", "Reader");
      List<Map<Map<String, String>, Map<String, String>>> before = tables(own);
      Path planned = directory.resolve("planned.jsonl");
      Path written = directory.resolve("written.jsonl");

      TestingRun plan = own.run("plan", "--diff", planned.toString());
      TestingRun run = own.run("run", "--diff", written.toString(), "--set", "write.writers=3");

      assertThat(plan.code()).as(plan.said()).isZero();
      assertThat(run.code()).as(run.said()).isZero();
      List<Map<Map<String, String>, Map<String, String>>> after = tables(own);
      for (int i = 0; i < STEPS.length; i++) {
        List<JsonNode> rows = TestingDiff.rows(planned, STEPS[i]);
        TestingDiff.assertSame(rows, before.get(i), after.get(i));
        assertThat(plan.step(STEPS[i]).path("diffRows").asInt()).isEqualTo(rows.size());
        assertThat(checksums(plan).get(i)).isEqualTo(TestingDiff.checksum(rows));
      }
      assertThat(Files.readString(written)).isEqualTo(Files.readString(planned));
      assertThat(checksums(run)).isEqualTo(checksums(plan));
      TestingRun rerun = own.run("plan");
      assertThat(checksums(rerun)).containsOnly("0".repeat(32));
    }
  }

  private static List<Map<Map<String, String>, Map<String, String>>> tables(TestingDojo of)
      throws Exception {
    return List.of(
        TestingDiff.table(of.database, PRODUCTS, "product_id", "dojo_user_id"),
        TestingDiff.table(of.database, TYPES, "product_type_id", "dojo_user_id"),
        TestingDiff.table(of.database, "auth_user", "id"));
  }

  @Test
  void reasonsAreWhatSqlFindsOfEachPair() throws Exception {
    for (JsonNode row : TestingDiff.rows(plain, "product-users")) {
      String pair =
          "%s AND user_id = %s"
              .formatted(
                  row.path("key").path("product_id").asText(),
                  row.path("key").path("dojo_user_id").asText());
      boolean direct =
          there.database.count(
                  "SELECT count(*) FROM dojo_product_member WHERE product_id = " + pair)
              > 0;
      List<String> groups =
          there
              .database
              .rows(
                  "SELECT DISTINCT g.group_id FROM dojo_product_group g JOIN dojo_dojo_group_member m USING (group_id)"
                      + " WHERE g.product_id = "
                      + pair
                      + " ORDER BY 1")
              .stream()
              .map(group -> group.get(0).toString())
              .toList();

      assertThat(row.path("direct").toString())
          .as(row.toString())
          .isEqualTo(direct ? "[\"product_member\"]" : "[]");
      List<String> named = new ArrayList<>();
      row.path("groups").forEach(group -> named.add(group.asText()));
      assertThat(named).isEqualTo(groups.subList(0, Math.min(20, groups.size())));
      assertThat(row.path("moreGroups").asInt()).isEqualTo(groups.size() - named.size());
    }
  }

  @Test
  void groupMapMayTravelAnyWayAndSoMayTheFile() throws Exception {
    String lines = Files.readString(plain);
    assertThat(lines).contains("\"moreGroups\":5}");

    String[] joined = {"--set", "write.writers=3", "--set", "flatten.broadcast-bytes=0 B"};
    assertThat(TestingDiff.text(told("joined.json.gz", joined))).isEqualTo(lines);
    String csv = Files.readString(told("file.csv"));
    assertThat(csv.lines()).hasSize(1 + (int) lines.lines().count());
    assertThat(csv)
        .startsWith("step,target,event,key,direct,groups,moreGroups,chain,before,after,varying\n");
    assertThat(TestingDiff.text(told("file.csv.gz"))).isEqualTo(csv);

    Path parts = directory.resolve("parts.jsonl.gz");
    told("parts.jsonl.gz/");
    StringBuilder all = new StringBuilder();
    try (Stream<Path> files = Files.list(parts)) {
      for (Path part : new TreeSet<>(files.toList())) {
        all.append(TestingDiff.text(part));
      }
    }
    assertThat(all.toString()).isEqualTo(lines);
    try (Stream<Path> files = Files.list(directory)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .as("what was beside the targets is gone")
          .noneMatch(name -> name.startsWith("."));
    }
  }

  @Test
  void targetThatCannotBeWrittenIsRefusedBeforeAnythingIsRead() throws Exception {
    Path other = Files.createDirectory(directory.resolve("other.jsonl"));
    Files.writeString(other.resolve("mine.txt"), "");

    assertRefused(directory + "/x.txt", "name it .jsonl, .json or .csv, each also with .gz");
    assertRefused(directory + "/no/x.jsonl", "name a file in a directory that exists");
    assertRefused(other.toString(), "this is a directory");
    assertRefused(other + "/", "it has files that are no parts of a diff, as mine.txt");
    assertRefused(directory + "/other.jsonl/mine.txt/x.csv", "in a directory that exists");
    assertRefused("nosuch://bucket/x.csv.gz", "No FileSystem for scheme");
    assertRefused("-", "its ending says the format");
  }

  @Test
  void fullDiskEndsTheRunBeforeItWritesAndLeavesTheFileThatWasThere() throws Exception {
    Path file = directory.resolve("full.jsonl");
    Files.writeString(file, "what was there");
    List<List<Object>> before = there.database.rows("SELECT * FROM " + PRODUCTS);

    TestingRun run = there.run("run", "--diff", "full:" + file);

    assertThat(run.code()).as(run.said()).isEqualTo(4);
    assertThat(run.report().path("error").path("message").asText())
        .isEqualTo(
            "cannot write the diff to full:%s: No space left on device; make room there, or name another target"
                .formatted(file));
    assertThat(run.report().path("error").path("stage").asText()).isEqualTo("diff");
    assertThat(there.database.rows("SELECT * FROM " + PRODUCTS)).isEqualTo(before);
    assertThat(Files.readString(file)).isEqualTo("what was there");
  }
}
