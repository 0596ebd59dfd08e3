package backfill.testing;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * A command line and an environment with mistakes in them, drawn from a seed. None that is right
 * would write.
 */
public record TestingBadCommand(List<String> words, Map<String, String> environment) {
  private static final String PLAN = TestingRun.DOJO;

  /** Each is right, and reads alone. */
  private static final List<List<String>> RIGHT =
      List.of(
          List.of("check", PLAN),
          List.of("check", PLAN, "--sql"),
          List.of("check", PLAN, "--grants"),
          List.of("plan", PLAN, "--only", "user-flags", "--report", "-"),
          List.of("plan", PLAN, "--set", "read.readers=2", "--label", "a=b"),
          List.of("verify", PLAN, "--from", "user-flags"),
          List.of("status"),
          List.of("status", PLAN, "--prune", "90d"),
          List.of("undo", "2f1c77a0-5d7e-4b52-9a53-0c8f1d1b8e57"),
          List.of("explain", PLAN, "--object", "7", "--user", "12", "--limit", "3"),
          List.of("explain", PLAN, "--key", "id=1", "--step", "user-flags"),
          List.of("diff", "a.jsonl.gz", "b.jsonl.gz", "--limit", "3"),
          List.of("plan", PLAN, "--diff", "target/no/diff.jsonl"),
          List.of("plans"),
          List.of("help", "rows"));

  private static final List<String> VALUES =
      List.of(
          "",
          " ",
          "=",
          "==",
          "a",
          "a=",
          "=a",
          "-",
          "--",
          "-1",
          "0",
          "NaN",
          "1e9",
          "99999999999999999999",
          "null",
          "a b",
          "a\nb",
          "a\tb",
          "a\u0000b",
          "\u0000",
          "\u001b[31mred",
          "\uD83D\uDE00",
          "\ud800",
          "é",
          "'",
          "\"",
          "$HOME",
          "${x}",
          "%s",
          "%",
          "*",
          "?",
          "~",
          ".",
          "..",
          "/",
          "//",
          "///",
          ":",
          "::",
          "a:",
          "a:b",
          "c:\\plan.conf",
          "/dev/null",
          "/dev/full",
          "/no/such/file",
          "/etc/passwd/x",
          "/etc",
          "target",
          "target/",
          "no-such.conf",
          "conf",
          "file:",
          "file:/",
          "file:///",
          "file:///no/such.conf",
          "file:///etc",
          "file://host/a",
          "http://127.0.0.1:1/plan.conf",
          "http://",
          "hdfs://127.0.0.1:1/plan.conf",
          "hdfs:///",
          "hdfs://a b/c",
          "s3a://bucket/key",
          "s3a://",
          "viewfs:///x",
          "nosuch://x/y",
          "jar:file:/a!/b",
          "x".repeat(300),
          "x".repeat(5_000),
          "steps.0.name=x",
          "steps=[]",
          "sources.x=y",
          "name=x",
          "params.x=1",
          "params.=1",
          "params=1",
          "params..x=1",
          "write.writers=0",
          "write.writers=x",
          "write.writers",
          "write.writers=4=5",
          "write..writers=4",
          ".write=1",
          "write.=1",
          "write=1",
          "read.readers=1000000",
          "ledger=off",
          "ledger=perhaps",
          "ledger.schema=",
          "ledger.schema=pg_catalog",
          "ledger.schema=a\"b",
          "ledger.schema=a.b",
          "ledger.schema=" + "x".repeat(64),
          "ledger.lease=0s",
          "ledger.lease=1e99 days",
          "limits.rejected-rows=-1",
          "limits.rejected-rows=1e3",
          "stop-after=25:00",
          "stop-after=never",
          "lock-timeout=-5",
          "connect-timeout=0",
          "approve=x",
          "undo=x",
          "time-zone=UTC",
          "no.such=1",
          "\"a b\"=1",
          "a[0]=1",
          "a${b}=1",
          "a\"=1",
          "user-flags",
          "no-such-step",
          "product-users",
          "id=1",
          "id",
          "90d",
          "-1d",
          "99999999d",
          "2f1c77a0",
          "2f1c77a0-5d7e-4b52-9a53-0c8f1d1b8e5",
          "' OR true --",
          "defectdojo-authorised-users",
          "defectdojo-authorized-users.conf",
          "DEFECTDOJO-AUTHORIZED-USERS",
          "../conf/defectdojo-authorized-users",
          "coder-api-key-scopes",
          "gitlab-package-pipelines");

  private static final List<String> WORDS =
      List.of(
          "check",
          "plan",
          "verify",
          "status",
          "undo",
          "explain",
          "diff",
          "plans",
          "help",
          "pause",
          "unpause",
          "pace",
          "chek",
          "PLAN",
          "ru",
          "demos",
          "--sql",
          "--grants",
          "--types",
          "--ledger",
          "--set",
          "--report",
          "--only",
          "--from",
          "--until",
          "--label",
          "--object",
          "--user",
          "--key",
          "--step",
          "--limit",
          "--prune",
          "--diff",
          "--json",
          "--approved",
          "--approved-by",
          "--help",
          "-h",
          "--version",
          "-V",
          "-x",
          "--no-such",
          "--sett",
          "--set=",
          "--report=",
          "--only=user-flags",
          "--execut",
          "-",
          "--",
          "@file",
          "@",
          "extra");

  private static final List<String> URLS =
      List.of(
          "",
          " ",
          "localhost",
          "postgres://localhost/x",
          "postgresql://localhost/x",
          "jdbc:mysql://localhost/x",
          "jdbc:postgresql",
          "jdbc:postgresql:",
          "jdbc:postgresql:x",
          "jdbc:postgresql:/",
          "jdbc:postgresql://",
          "jdbc:postgresql:///",
          "jdbc:postgresql://localhost",
          "jdbc:postgresql://localhost/",
          "jdbc:postgresql://localhost:1/x",
          "jdbc:postgresql://localhost:0/x",
          "jdbc:postgresql://localhost:65536/x",
          "jdbc:postgresql://localhost:99999/x",
          "jdbc:postgresql://localhost:-1/x",
          "jdbc:postgresql://localhost:port/x",
          "jdbc:postgresql://:5432/x",
          "jdbc:postgresql://[::1/x",
          "jdbc:postgresql://[::1]:1/x",
          "jdbc:postgresql://no-such-host.invalid/x",
          "jdbc:postgresql://a..b/x",
          "jdbc:postgresql://%zz/x",
          "jdbc:postgresql://127.0.0.1:1,127.0.0.1:1/x",
          "jdbc:postgresql://127.0.0.1:1,/x",
          "jdbc:postgresql://user:hunter2@localhost/x",
          "jdbc:postgresql://localhost/x?password=hunter2",
          "jdbc:postgresql://localhost/x?PASSWORD=hunter2",
          "jdbc:postgresql://localhost:1/x?user=a&user=b",
          "jdbc:postgresql://localhost:1/x?sslmode=perhaps",
          "jdbc:postgresql://localhost:1/x?connectTimeout=x",
          "jdbc:postgresql://localhost:1/x?socketTimeout=-1",
          "jdbc:postgresql://localhost:1/x?=",
          "jdbc:postgresql://localhost:1/x?a",
          "jdbc:postgresql://localhost:1/x?targetServerType=none",
          "jdbc:postgresql://localhost:1/x?socketFactory=no.such.Class",
          "jdbc:postgresql://localhost:1/x?sslfactory=java.lang.String",
          "jdbc:postgresql://localhost:1/x?loggerLevel=TRACE",
          "jdbc:postgresql://localhost:1/%ff",
          "jdbc:postgresql://localhost:1/%zz",
          "jdbc:postgresql://localhost:1/a b",
          "jdbc:postgresql://localhost:1/x\n",
          "jdbc:postgresql://localhost:1/\u0000",
          "jdbc:postgresql://localhost:1/\ud800",
          "jdbc:postgresql://" + "x".repeat(300) + ":1/x");

  /** A mistake of this number, with an environment in which the command would be right. */
  public static TestingBadCommand of(
      long seed, int number, Map<String, String> right, String reports) {
    Random random = new Random(seed * 31 + number);
    List<String> words = new ArrayList<>(TestingBadPlan.pick(random, RIGHT));
    Map<String, String> environment = new HashMap<>(right);
    int mistakes = random.nextInt(10) < 7 ? 1 : 2;
    for (int i = 0; i < mistakes; i++) {
      if (random.nextInt(3) == 0) {
        change(environment, random);
      } else {
        change(words, random, reports);
      }
    }
    return new TestingBadCommand(words, environment);
  }

  private static void change(List<String> words, Random random, String reports) {
    if (words.isEmpty()) {
      words.add(TestingBadPlan.pick(random, WORDS));
    }
    int at = random.nextInt(words.size());
    switch (random.nextInt(9)) {
      case 0 -> words.remove(at);
      case 1 -> words.add(at, words.get(at));
      case 2 -> words.add(random.nextInt(words.size() + 1), TestingBadPlan.pick(random, WORDS));
      case 3 -> words.set(at, TestingBadPlan.pick(random, VALUES));
      case 4 -> words.add(TestingBadPlan.pick(random, VALUES));
      case 5 -> {
        words.add("--set");
        words.add(TestingBadPlan.pick(random, VALUES));
      }
      case 6 -> {
        words.add("--report");
        words.add(TestingBadPlan.pick(random, VALUES));
      }
      case 7 -> {
        StringBuilder word = new StringBuilder(words.get(at));
        if (!word.isEmpty()) {
          word.deleteCharAt(random.nextInt(word.length()));
        }
        words.set(at, word.toString());
      }
      default -> {
        if (words.size() > 1) {
          words.set(1, TestingBadPlan.pick(random, VALUES));
        }
      }
    }
    // What a mistake may name as a report's file is made where it is taken away again.
    for (int i = 1; i < words.size(); i++) {
      if (words.get(i - 1).equals("--report")
          && !words.get(i).matches("(?s)-|/.*|[\\w+.-]{2,}:/.*")) {
        words.set(i, reports + "/" + words.get(i));
      }
    }
    // Never what starts a server, or writes where it is right.
    words.replaceAll(word -> word.equals("demo") || word.equals("run") ? "demos" : word);
  }

  private static void change(Map<String, String> environment, Random random) {
    switch (random.nextInt(9)) {
      case 0 ->
          environment.remove(
              TestingBadPlan.pick(
                  random, List.of("BACKFILL_URL", "BACKFILL_USER", "BACKFILL_PASSWORD")));
      case 1, 2, 3 -> environment.put("BACKFILL_URL", TestingBadPlan.pick(random, URLS));
      case 4 -> environment.put("BACKFILL_READ_URL", TestingBadPlan.pick(random, URLS));
      case 5 -> environment.put("BACKFILL_USER", TestingBadPlan.pick(random, VALUES));
      case 6 -> environment.put("BACKFILL_PASSWORD", TestingBadPlan.pick(random, VALUES));
      case 7 -> {
        environment.remove("BACKFILL_PASSWORD");
        environment.put("BACKFILL_PASSWORD_FILE", TestingBadPlan.pick(random, VALUES));
      }
      default -> environment.put("BACKFILL_PASSWORD_FILE", TestingBadPlan.pick(random, VALUES));
    }
  }
}
