package backfill.plan;

import static backfill.plan.Settings.Protocol.AUTO;
import static backfill.plan.Settings.Protocol.COPY;
import static backfill.plan.TestingPlans.SMALL;
import static backfill.plan.TestingPlans.problems;
import static backfill.plan.TestingPlans.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.lang.reflect.RecordComponent;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class SettingsTest {
  private static final Config REFERENCE =
      ConfigFactory.parseResources("reference.conf").getConfig("backfill");

  @Test
  void defaults() {
    assertThat(read(SMALL).settings())
        .isEqualTo(
            new Settings(
                new Settings.General(
                    Duration.ofSeconds(10),
                    Duration.ofSeconds(5),
                    Duration.ofSeconds(4),
                    false,
                    Optional.empty(),
                    Settings.Approve.NONE,
                    Duration.ofHours(24),
                    Settings.OnRevoked.REPORT),
                new Settings.Read(4, 10_000, 10_000, Duration.ofMinutes(1), Duration.ofMinutes(30)),
                new Settings.Flatten(268_435_456, 268_435_456, 1_073_741_824),
                new Settings.Write(
                    2, 40_000, 16L << 20, AUTO, Duration.ofSeconds(60), Duration.ofMinutes(2)),
                new Throttle(
                    new Throttle.Asked(true, "SELECT 1", List.of()),
                    Map.of(
                        Throttle.Bound.REPLICA_LAG, 10_000L,
                        Throttle.Bound.REPLICA_LAG_BYTES, 256L << 20,
                        Throttle.Bound.ARCHIVE_QUEUE, 64L,
                        Throttle.Bound.WAITING_SESSIONS, 16L,
                        Throttle.Bound.BLOCKED_BY_US, 200L,
                        Throttle.Bound.PROBE_LATENCY, 1_000L),
                    Throttle.Autovacuum.IGNORE,
                    Duration.ofSeconds(2)),
                new Settings.Verification(Duration.ofSeconds(60)),
                new Settings.Ledger(
                    true,
                    "backfill",
                    Duration.ofSeconds(30),
                    Duration.ofHours(24),
                    100,
                    true,
                    1L << 30),
                new Settings.Outside(
                    new Hooks(Map.of(), Duration.ofSeconds(30)), Settings.Metrics.NONE)));
  }

  @Test
  void everyKey() {
    String text =
        """
        connect-timeout = 1 s
        lock-timeout = 10ms
        progress-every = 1.5 s
        undo = on
        stop-after = 45 min
        approve = exact
        approve-within = 1 h
        allow-delete = true
        on-revoked = remove
        read { readers = 1, fetch-rows = 1000000, wait-for = 0 s, snapshot-max-age = 168 h }
        flatten { broadcast-bytes = 0 B, dictionary-bytes = 1 GiB, nested-bytes = 64 GiB }
        throttle { rows-per-second = 1, replica-lag = none, replica-lag-bytes = none, wal-per-second = 1 MiB
          archive-queue = none, waiting-sessions = none, blocked-by-us = 0 ms, probe-latency = none, autovacuum = pause
          probe = "SELECT 2", signal-timeout = 100 ms
          signals.jobs { query = "SELECT count(*) FROM jobs", slow-above = 1.5, pause-above = 10 } }
        write { writers { min = 2, max = 64 }, rows-per-batch = 1, batch-bytes = 1 GiB, protocol = copy, statement-timeout = 1 h, retry-for = 0 s, analyze = off }
        verify.wait-for = 24 h
        ledger { schema = "Our ledger", lease = 1.5 s, keep-runs = 20, keys = on, keys-bytes = 0 B }
        hooks { before-write = [/opt/ask, "two words", ""], on-end = "echo $HOME", time-limit = 100 ms }
        metrics { push = "http://gateway:9091/x", otlp = "HTTPS://collector" }
        """;
    assertThat(read(SMALL + text).settings())
        .isEqualTo(
            new Settings(
                new Settings.General(
                    Duration.ofSeconds(1),
                    Duration.ofMillis(10),
                    Duration.ofMillis(1500),
                    true,
                    Optional.of(new StopAfter.Lasting(Duration.ofMinutes(45))),
                    Settings.Approve.EXACT,
                    Duration.ofHours(1),
                    Settings.OnRevoked.REMOVE),
                new Settings.Read(1, 1_000_000, 10_000, Duration.ZERO, Duration.ofHours(168)),
                new Settings.Flatten(0, 1_073_741_824, 68_719_476_736L),
                new Settings.Write(
                    new Settings.Writers(2, 64),
                    1,
                    1L << 30,
                    COPY,
                    Duration.ofHours(1),
                    Duration.ZERO,
                    Settings.Analyze.OFF),
                new Throttle(
                    new Throttle.Asked(
                        true,
                        "SELECT 2",
                        List.of(
                            new Throttle.OfPlan(
                                "jobs",
                                "SELECT count(*) FROM jobs",
                                Map.of(
                                    Throttle.Edge.SLOW_ABOVE, 1.5, Throttle.Edge.PAUSE_ABOVE, 10.0),
                                21))),
                    Map.of(
                        Throttle.Bound.ROWS_PER_SECOND, 1L,
                        Throttle.Bound.WAL_PER_SECOND, 1L << 20,
                        Throttle.Bound.BLOCKED_BY_US, 0L),
                    Throttle.Autovacuum.PAUSE,
                    Duration.ofMillis(100)),
                new Settings.Verification(Duration.ofHours(24)),
                new Settings.Ledger(
                    true, "Our ledger", Duration.ofMillis(1500), Duration.ofHours(24), 20, true, 0),
                new Settings.Outside(
                    new Hooks(
                        Map.of(
                            Hooks.Occasion.BEFORE_WRITE,
                            new Hooks.Called(List.of("/opt/ask", "two words", ""), false),
                            Hooks.Occasion.ON_END,
                            new Hooks.Called(List.of("/bin/sh", "-c", "echo $HOME"), true)),
                        Duration.ofMillis(100)),
                    new Settings.Metrics(
                        Optional.of(new Endpoint(URI.create("http://gateway:9091/x"))),
                        Optional.of(new Endpoint(URI.create("HTTPS://collector")))))));
  }

  @Test
  void everyRefusal() {
    String text =
        """
        connect-timeout = 10
        lock-timeout = 2 h
        progress-every = 6 s
        read { readers = 65, fetch-rows = many, snapshot-max-age = 500 ms, rows = 1 }
        flatten.broadcast-bytes = 1024
        write { writers = 1.5
          rows-per-batch = 0
          batch-bytes = 1 KiB
          protocol = insert
          statement-timeout = [1 s]
          retry-for = -1 s, analyze = on
          retry-fro = 1 s }
        verify = 60 s
        lock-timeuot = 5 s
        stop-after = "05:00"
        approve = yes
        approve-within = 0 s
        on-revoked = keep
        """;
    String duration = "a duration with its unit, as in 500 ms, 30 s or 2 min";
    assertThat(problems(SMALL + text))
        .containsExactly(
            "test.conf:7: connect-timeout must be " + duration + ", got 10",
            "test.conf:8: lock-timeout must be 10 ms to 1 h, got 2 h",
            "test.conf:9: progress-every must be 10 ms to 5 s, got 6 s",
            "test.conf:10: read.readers must be 1 to 64, got 65",
            "test.conf:10: read.fetch-rows must be a whole number, got many",
            "test.conf:10: read.snapshot-max-age must be 1 s to 168 h, got 500 ms",
            "test.conf:10: unknown key read.rows in the plan",
            "test.conf:11: flatten.broadcast-bytes must be a size with its unit, as in 64 MiB,"
                + " got 1024",
            "test.conf:12: write.writers must be a whole number, got 1.5",
            "test.conf:13: write.rows-per-batch must be 1 to 1000000, got 0",
            "test.conf:14: write.batch-bytes must be 64 KiB to 1 GiB, got 1 KiB",
            "test.conf:15: write.protocol must be auto, copy or unnest, got insert",
            "test.conf:16: write.statement-timeout must be " + duration + ", got a list",
            "test.conf:17: write.retry-for must be 0 s to 24 h, got -1 s",
            "test.conf:17: write.analyze must be auto or off, got on",
            "test.conf:18: unknown key write.retry-fro in the plan; did you mean write.retry-for?",
            "test.conf:19: verify of the plan must be a block in braces, got the text \"60 s\"",
            "test.conf:20: unknown key lock-timeuot in the plan; did you mean lock-timeout?",
            "test.conf:21: stop-after must be a duration with its unit, as in 45 min, a time with"
                + " its offset, as in 2026-11-21T05:00:00Z, or never, got the text \"05:00\"",
            "test.conf:22: approve must be none, counts or exact, got yes",
            "test.conf:23: approve-within must be 1 s to 8760 h, got 0 s",
            "test.conf:24: on-revoked must be report or remove, got keep");
  }

  @Test
  void hooksAreProgramsOrTexts() {
    String text =
        """
        hooks { before-write = 5
          after-step = []
          on-refusal = ["", x]
          on-end = [a, 5]
          on-start = x
          time-limit = 30 }
        """;
    assertThat(problems(SMALL + text))
        .containsExactly(
            "test.conf:7: hooks.before-write of the plan must be a program with its arguments, as in"
                + " [/opt/notify, run], or a text for /bin/sh -c, got the number 5",
            "test.conf:8: hooks.after-step of the plan must begin with a program, as in [/opt/notify, run]",
            "test.conf:9: hooks.on-refusal of the plan must begin with a program, as in [/opt/notify, run]",
            "test.conf:10: hooks.on-end of the plan must hold words, each in quotes, got the number 5",
            "test.conf:11: unknown key hooks.on-start in the plan",
            "test.conf:12: hooks.time-limit must be a duration with its unit, as in 500 ms, 30 s or 2 min,"
                + " got 30");
    assertThat(problems(SMALL + "hooks.on-end = \"a\\u0000b\""))
        .singleElement()
        .asString()
        .contains("hooks.on-end of the plan must be a program with its arguments");
    assertThatThrownBy(() -> PlanFile.settings(List.of("hooks.on-end=true")))
        .hasMessageContaining("only run and undo --execute call hooks");
  }

  @Test
  void theCommandLineAddsAHookAndReplacesNone() {
    assertThat(read(SMALL, "hooks.on-end=echo over", "hooks.time-limit=1 s").settings().hooks())
        .isEqualTo(
            new Hooks(
                Map.of(
                    Hooks.Occasion.ON_END,
                    new Hooks.Called(List.of("/bin/sh", "-c", "echo over"), true)),
                Duration.ofSeconds(1)));
    assertThat(problems(SMALL + "hooks.before-write = [ask]", "hooks.before-write=true"))
        .containsExactly(
            "--set: hooks.before-write is in the plan, and cannot be replaced from the command line; edit the plan");
  }

  @Test
  void theRecordsRefuseTheSame() {
    assertThatThrownBy(
            () -> new Settings.Read(0, 1, 1, Duration.ofMinutes(1), Duration.ofMinutes(30)))
        .hasMessage("read.readers must be 1 to 64, got 0");
    assertThatThrownBy(() -> new Settings.Flatten(-1, 1, 1))
        .hasMessage("flatten.broadcast-bytes must be 0 B to 8 GiB, got -1 B");
    assertThatThrownBy(() -> new Settings.Flatten(0, 1L << 31, 1))
        .hasMessage("flatten.dictionary-bytes must be 0 B to 1 GiB, got 2147483648 B");
    assertThatThrownBy(() -> new Settings.Verification(Duration.ofDays(2)))
        .hasMessage("verify.wait-for must be 0 s to 24 h, got 172800000 ms");
  }

  @Test
  void aStepsWriteBlockLiesOverThePlansAndOverTheCommandLine() {
    String text =
        SMALL.replace("kind = pairs", "kind = pairs, write { writers = 8 }")
            + "write { writers = 4, rows-per-batch = 10 }";
    Plan plan = read(text, "write.retry-for=30 s", "write.writers=3");
    assertThat(plan.settings().write().writers()).isEqualTo(3);
    assertThat(((Step.Fill) plan.steps().get(0)).write())
        .isEqualTo(
            new Settings.Write(
                8, 10, 16L << 20, AUTO, Duration.ofSeconds(60), Duration.ofSeconds(30)));
  }

  @Test
  void writersAreANumberOrABlockOfTheLeastAndTheMost() {
    assertThat(read(SMALL + "write.writers = 8").settings().write().parallel())
        .isEqualTo(new Settings.Writers(1, 8));
    assertThat(read(SMALL + "write.writers { min = 3, max = 8 }").settings().write().parallel())
        .isEqualTo(new Settings.Writers(3, 8));
    assertThat(
            read(SMALL + "write.writers { min = 3, max = 8 }", "write.writers=2")
                .settings()
                .write()
                .parallel())
        .isEqualTo(new Settings.Writers(1, 2));
    assertThat(
            read(SMALL + "write.writers = 8", "write.writers.max=4", "write.writers.min=4")
                .settings()
                .write()
                .parallel())
        .isEqualTo(new Settings.Writers(4, 4));
    assertThat(problems(SMALL + "write.writers { min = 3, most = 8 }"))
        .containsExactly(
            "test.conf:7: unknown key write.writers.most in the plan",
            "test.conf:7: write.writers of the plan has a min of 3, and a max of 2; min must be at most max");
    assertThat(problems(SMALL + "write.writers = 0"))
        .containsExactly("test.conf:7: write.writers must be 1 to 64, got 0");
  }

  @Test
  void theThrottleIsSwitchedOffByOneWordAndRefusesWhatIsNoNumber() {
    assertThat(read(SMALL + "throttle = off").settings().throttle().on()).isFalse();
    assertThat(problems(SMALL + "throttle = maybe"))
        .containsExactly(
            "test.conf:7: throttle of the plan must be on or off, got the text \"maybe\"");
    String text =
        """
        throttle { replica-lag = 10, blocked-by-us = never, probe = "DELETE FROM t"
          signals {
            apdex { query = "SELECT 1; SELECT 2", pause-below = high }
            Jobs { query = "SELECT :lost) FROM (SELECT 1", slow-above = 1 }
            idle { query = "SELECT 1" } } }
        """;
    assertThat(problems(SMALL + text))
        .containsExactly(
            "test.conf:7: throttle.probe of the plan must be one SELECT",
            "test.conf:7: throttle.replica-lag must be a duration with its unit, as in 500 ms, 30 s or 2 min, or none, got 10",
            "test.conf:7: throttle.blocked-by-us must be a duration with its unit, as in 500 ms, 30 s or 2 min, or none, got never",
            "test.conf:9: throttle.signals.apdex.query of the plan must be one SELECT, without a semicolon",
            "test.conf:9: throttle.signals.apdex.pause-below of the plan must be a number, got the text \"high\"",
            "test.conf:9: throttle.signals.apdex of the plan holds nothing back; give it pause-above, pause-below, slow-above or slow-below",
            "test.conf:10: throttle.signals.Jobs of the plan must be small letters, digits and hyphens, got Jobs",
            "test.conf:10: throttle.signals.Jobs.query of the plan uses :lost, which is not in params",
            "test.conf:10: throttle.signals.Jobs.query of the plan closes a parenthesis that it does not open, or the other way round",
            "test.conf:11: throttle.signals.idle of the plan holds nothing back; give it pause-above, pause-below, slow-above or slow-below");
  }

  @Test
  void aVariablesTextIsReadAsANumber() {
    assertThat(problems(SMALL + "write.writers = ${PATH}"))
        .containsExactly(
            "environment: write.writers must be a whole number, got " + System.getenv("PATH"));
  }

  @Test
  void writersAreLeftToTheServerUpToANumber() {
    assertThat(read(SMALL + "write.writers = auto").settings().write().parallel())
        .isEqualTo(new Settings.Writers(1, 2, OptionalInt.of(16)));
    Plan plan = read(SMALL + "write.writers { auto = 8, min = 2 }");
    assertThat(plan.settings().write().parallel())
        .isEqualTo(new Settings.Writers(2, 2, OptionalInt.of(8)));
    Plan chosen = plan.written(write -> write.with(write.parallel().chosen(4, 6)));
    assertThat(chosen.settings().write().parallel())
        .isEqualTo(new Settings.Writers(2, 4, 6, OptionalInt.empty()));
    assertThat(((Step.Fill) chosen.steps().get(0)).write()).isEqualTo(chosen.settings().write());
    assertThat(chosen.hash()).isEqualTo(plan.hash());
    for (String number : List.of("write.writers=4", "write.writers.max=4")) {
      assertThat(read(SMALL + "write.writers = auto", number).settings().write().parallel())
          .as(number)
          .isEqualTo(new Settings.Writers(1, 4));
    }
    assertThat(read(SMALL, "write.writers.auto=8").settings().write().parallel().auto())
        .hasValue(8);
    assertThat(problems(SMALL + "write.writers { auto = 1 }"))
        .containsExactly("test.conf:7: write.writers.auto must be 2 to 64, got 1");
  }

  @Test
  void keysAreTheRecordsComponents() {
    List<String> expected = new ArrayList<>();
    for (Throttle.Bound bound : Throttle.Bound.values()) {
      expected.add("throttle." + bound.key());
    }
    expected.addAll(
        List.of(
            "throttle.autovacuum",
            "throttle.signal-timeout",
            Throttle.PROBE_KEY,
            "write.writers.min",
            "write.writers.max",
            "write.writers.auto"));
    List<RecordComponent> parts = new ArrayList<>(List.of(Settings.class.getRecordComponents()));
    parts.addAll(List.of(Settings.Outside.class.getRecordComponents()));
    for (RecordComponent component : parts) {
      if (component.getType() == Throttle.class || component.getType() == Settings.Outside.class) {
        continue;
      }
      boolean grouped = component.getType() != Settings.General.class;
      for (RecordComponent inner : component.getType().getRecordComponents()) {
        expected.add((grouped ? kebab(component) + "." : "") + kebab(inner));
      }
    }
    expected.add("limits.rejected-rows");
    expected.add("limits.drift-percent");
    for (Limits.Bound bound : Limits.Bound.values()) {
      expected.add("limits." + bound.key());
    }
    // `ledger = off` is the only way to say it, and what is on or off, and a schema, is no number.
    expected.remove("ledger.on");
    expected.remove("write.parallel");
    // What is called has no default.
    expected.remove("hooks.calls");
    assertThat(REFERENCE.entrySet())
        .extracting(Map.Entry::getKey)
        .containsExactlyInAnyOrderElementsOf(expected);
    expected.removeAll(
        List.of(
            "ledger.schema",
            "ledger.keys",
            Throttle.PROBE_KEY,
            SettingsParser.UNDO,
            StopAfter.KEY,
            Settings.Metrics.PUSH,
            Settings.Metrics.OTLP));
    assertThat(SettingKey.keys()).containsExactlyInAnyOrderElementsOf(expected);
  }

  @Test
  void theReferenceSaysEveryRange() {
    for (SettingKey setting : SettingKey.values()) {
      assertThat(String.join(" ", REFERENCE.getValue(setting.key()).origin().comments()))
          .as(setting.key())
          .contains(setting.range());
    }
    assertThat(String.join(" ", REFERENCE.getValue(StopAfter.KEY).origin().comments()))
        .contains(StopAfter.Lasting.RANGE);
  }

  private static String kebab(RecordComponent component) {
    return component.getName().replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
  }

  @Test
  void theLedgerIsSwitchedOffByOneWord() {
    assertThat(read(SMALL + "ledger = off").settings().ledger().on()).isFalse();
    assertThat(read(SMALL + "ledger = on").settings().ledger().on()).isTrue();
    assertThatThrownBy(() -> read(SMALL + "ledger = maybe"))
        .hasMessageContaining(
            "ledger must be on, off, or a block with schema, lease, resume-within, keep-runs, keys and keys-bytes, got the text \"maybe\"");
    assertThatThrownBy(() -> read(SMALL + "ledger.lease = 10 ms"))
        .hasMessageContaining("ledger.lease must be 1 s to 1 h, got 10 ms");
  }

  @Test
  void takingBackWhatWasRevokedNeedsAPlanThatMayDeleteAndKeysInTheLedger() {
    String remove = SMALL + "on-revoked = remove\n";
    assertThat(problems(remove + "ledger.keys = off"))
        .containsExactly(
            "test.conf:7: on-revoked of the plan is remove, which takes rows away, and the plan does not allow that; add allow-delete = true",
            "test.conf:7: on-revoked of the plan is remove, which needs the keys that the ledger keeps; leave out ledger.keys = off");
    assertThat(problems(remove + "ledger = off\nallow-delete = true"))
        .containsExactly(
            "test.conf:7: on-revoked of the plan is remove, which needs the keys that the ledger keeps; leave out ledger = off");
  }

  @Test
  void anAddressForMetricsHasNoSecretAndNoOtherScheme() {
    assertThat(problems(SMALL + "metrics { push = \"gateway:9091\", otlp = 7, pushed = none }"))
        .containsExactly(
            "test.conf:7: metrics.push must be an http or https URL, as in http://gateway.example.org:9091, or none, got gateway:9091",
            "test.conf:7: metrics.otlp must be an http or https URL, as in http://gateway.example.org:9091, or none, got the number 7",
            "test.conf:7: unknown key metrics.pushed in the plan; did you mean metrics.push?");
    for (String address :
        List.of(
            "http://me:hidden@gateway", "http://gateway/?key=hidden", "http://gateway/#hidden")) {
      assertThat(problems(SMALL, "metrics.otlp=" + address))
          .singleElement()
          .asString()
          .startsWith(
              "--set: metrics.otlp must be without user, password, parameters and fragment, got ")
          .contains("gateway")
          .doesNotContain("hidden");
    }
    assertThat(problems(SMALL, "metrics.push=me:hidden@gate way"))
        .containsExactly(
            "--set: metrics.push must be an http or https URL, as in http://gateway.example.org:9091, or none, got …@gate way");
    assertThat(problems(SMALL, "metrics.push=http://"))
        .singleElement()
        .asString()
        .contains("got http://");
  }
}
