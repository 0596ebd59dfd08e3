package backfill;

import backfill.plan.InvalidPlan;
import backfill.plan.Plan;
import backfill.plan.PlanFile;
import backfill.plan.Step;
import backfill.postgres.Database;
import backfill.postgres.Databases;
import backfill.postgres.LedgerStatus;
import backfill.postgres.NotReady;
import backfill.spark.Session;
import java.io.PrintStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The commands and their options; each ends in an exit code. */
@CommandLine.Command(
    name = "backfill",
    description = "Fills derived PostgreSQL tables, and proves what it wrote.",
    versionProvider = Version.class,
    mixinStandardHelpOptions = true,
    sortOptions = false,
    footerHeading = "%nExample:%n",
    footer = "  backfill demo")
final class CommandLineJob implements Callable<Integer> {
  private static final Logger LOG = LogManager.getLogger("backfill");

  /** The parser lays out no help that is narrower. */
  private static final int NARROWEST_HELP = 55;

  private final Stopping stopping;
  private final Map<String, String> environment;
  private final PrintStream out;
  private final PrintStream err;
  @Spec private CommandSpec spec;

  private CommandLineJob(
      Stopping stopping, Map<String, String> environment, PrintStream out, PrintStream err) {
    this.stopping = stopping;
    this.environment = environment;
    this.out = out;
    this.err = err;
  }

  /** As below, for who will not stop it. */
  static int run(
      Map<String, String> environment, PrintStream out, PrintStream err, String... arguments) {
    return run(Stopping.byHand(), environment, out, err, arguments);
  }

  /** Runs a command line and returns its exit code; prints to these streams. */
  static int run(
      Stopping stopping,
      Map<String, String> environment,
      PrintStream out,
      PrintStream err,
      String... arguments) {
    CommandLineJob job = new CommandLineJob(stopping, environment, out, err);
    CommandLine line = new CommandLine(job);
    line.setOut(new java.io.PrintWriter(out, true));
    line.setErr(new java.io.PrintWriter(err, true));
    line.setCaseInsensitiveEnumValuesAllowed(true);
    // No colours anywhere, so that there is nothing to switch off.
    line.setColorScheme(CommandLine.Help.defaultColorScheme(CommandLine.Help.Ansi.OFF));
    line.setUsageHelpWidth(Math.max(NARROWEST_HELP, Math.min(80, Terminal.width())));
    line.setParameterExceptionHandler((mistake, given) -> job.misspelt(mistake));
    line.setExecutionExceptionHandler((failure, command, given) -> job.broken(failure, command));
    return line.execute(arguments);
  }

  /** The commands' names. */
  static Set<String> commands() {
    return new CommandLine(new CommandLineJob(Stopping.byHand(), Map.of(), System.out, System.err))
        .getSubcommands()
        .keySet();
  }

  @Override
  public Integer call() {
    spec.commandLine().usage(err);
    String message = "a command is missing, as in backfill demo";
    err.println(message);
    return refused(spec.name(), message);
  }

  /**
   * One line for people and one for programs: a scheduler reads the last line whatever happened.
   */
  private int misspelt(CommandLine.ParameterException mistake) {
    String message = Misspelling.of(mistake);
    err.println(message);
    return refused(mistake.getCommandLine().getCommandName(), message);
  }

  /** Whatever nobody foresaw ends as a bug of ours, with its stack trace and the last line. */
  private int broken(Exception failure, CommandLine command) {
    LOG.error("this is a bug of the job", failure);
    Report report =
        new Report(UUID.randomUUID().toString(), command.getCommandName(), Instant.now());
    report.status = "failed";
    report.exitCode = ExitCode.BUG.number();
    out.println(report.line());
    return report.exitCode;
  }

  private int refused(String command, String message) {
    Report report = new Report(UUID.randomUUID().toString(), command, Instant.now());
    invalid(report, message);
    out.println(report.line());
    return report.exitCode;
  }

  /** What every command that takes a plan knows. */
  static final class PlanOptions {
    @Parameters(
        paramLabel = "PLAN",
        description = "A shipped plan's name, a path, or a URI that Hadoop reads.")
    private String plan;

    @Option(
        names = "--set",
        paramLabel = "KEY=VALUE",
        description = "Sets one setting or params.NAME; repeatable.")
    private List<String> sets = new ArrayList<>();

    @Option(
        names = "--report",
        paramLabel = "TARGET",
        description = "Writes the JSON report to a path, a Hadoop URI, or - ; repeatable.")
    private List<String> reports = new ArrayList<>();

    @Option(
        names = "--only",
        paramLabel = "STEP",
        description = "Takes this step alone; repeatable.")
    private List<String> only = new ArrayList<>();

    @Option(names = "--from", paramLabel = "STEP", description = "Begins with this step.")
    private String from;

    @Option(names = "--until", paramLabel = "STEP", description = "Ends with this step.")
    private String until;

    @Option(
        names = "--label",
        paramLabel = "TEXT",
        description = "A note for the report, NAME=VALUE or any text; repeatable.")
    private List<String> labels = new ArrayList<>();
  }

  @CommandLine.Command(
      name = "plans",
      description = "Lists the shipped plans.",
      mixinStandardHelpOptions = true,
      footerHeading = "%nExample:%n",
      footer = "  backfill plans")
  int plans() {
    for (String name : PlanFile.shipped()) {
      out.printf("%-30s %s%n", name, PlanFile.description(PlanFile.shippedText(name).orElse("")));
    }
    return ExitCode.DONE.number();
  }

  @CommandLine.Command(
      name = "help",
      description = "Explains the plan language and the settings, a topic at a time.",
      mixinStandardHelpOptions = true,
      footerHeading = "%nExample:%n",
      footer = "  backfill help rows")
  int help(
      @Parameters(
              arity = "0..1",
              paramLabel = "TOPIC",
              description = "A topic, or a command; without one, all of them are listed.")
          String topic) {
    HelpTopics topics = HelpTopics.ofTheJob();
    CommandLine commands = spec.commandLine();
    if (topic == null) {
      commands.usage(out);
      out.printf("%nTopics of backfill help:%n  %s%n", String.join(", ", topics.names()));
    } else if (topics.text(topic).isPresent()) {
      out.println(topics.text(topic).get());
    } else if (commands.getSubcommands().containsKey(topic)) {
      commands.getSubcommands().get(topic).usage(out);
    } else {
      String message =
          "help has no topic "
              + topic
              + "; it has "
              + String.join(", ", topics.names())
              + ", and every command";
      err.println(message);
      return refused("help", message);
    }
    return ExitCode.DONE.number();
  }

  @CommandLine.Command(
      name = "check",
      description = "Reads the plan and asks the servers whether it can run; writes nothing.",
      mixinStandardHelpOptions = true,
      footerHeading = "%nExample:%n",
      footer = "  backfill check defectdojo-authorized-users")
  int check(
      @Mixin PlanOptions options,
      @Option(
              names = "--sql",
              description = "Prints every statement as a run will send it, and the locks it takes.")
          boolean sql,
      @Option(
              names = "--grants",
              description = "Prints the least role that can run the plan, as SQL.")
          boolean grants) {
    Set<CheckPrintout.Part> parts = EnumSet.noneOf(CheckPrintout.Part.class);
    if (sql) {
      parts.add(CheckPrintout.Part.SQL);
    }
    if (grants) {
      parts.add(CheckPrintout.Part.GRANTS);
    }
    return take(Command.CHECK, options, new CheckPrintout(out, parts));
  }

  @CommandLine.Command(
      name = "plan",
      description = "Counts what a run would do, step by step; writes nothing.",
      mixinStandardHelpOptions = true,
      footerHeading = "%nExample:%n",
      footer = "  backfill plan defectdojo-authorized-users --report -")
  int plan(@Mixin PlanOptions options) {
    return take(Command.PLAN, options);
  }

  @CommandLine.Command(
      name = "run",
      description = "Runs the backfill.",
      mixinStandardHelpOptions = true,
      footerHeading = "%nExample:%n",
      footer = "  backfill run defectdojo-authorized-users --set write.writers=4")
  int run(@Mixin PlanOptions options) {
    return take(Command.RUN, options);
  }

  @CommandLine.Command(
      name = "verify",
      description = "Counts the expected rows that are absent now; writes nothing.",
      mixinStandardHelpOptions = true,
      footerHeading = "%nExample:%n",
      footer = "  backfill verify defectdojo-authorized-users")
  int verify(@Mixin PlanOptions options) {
    return take(Command.VERIFY, options);
  }

  @CommandLine.Command(
      name = "status",
      description = "Shows the ledger: the newest runs, how far each has come, and where it runs.",
      mixinStandardHelpOptions = true,
      footerHeading = "%nExample:%n",
      footer = "  backfill status defectdojo-authorized-users")
  int status(
      @Parameters(
              arity = "0..1",
              paramLabel = "PLAN",
              description = "Only this plan's runs; it also says where the ledger is.")
          String name) {
    Report report = new Report(UUID.randomUUID().toString(), "status", Instant.now());
    report.plan = name;
    try {
      Optional<Plan> plan = Optional.ofNullable(name).map(CommandLineJob::planOf);
      Database database =
          Database.fromEnvironment(
              "BACKFILL",
              environment,
              plan.map(Plan::settings).orElseGet(PlanFile::defaults).connectTimeout());
      StatusTable.lines(
              LedgerStatus.of(
                  database,
                  plan.map(Plan::settings).orElseGet(PlanFile::defaults).ledger().schema(),
                  plan.map(Plan::name).orElse(null)))
          .forEach(out::println);
      report.status = "succeeded";
    } catch (InvalidPlan e) {
      invalid(report, e.getMessage());
      e.problems().forEach(err::println);
    } catch (NotReady e) {
      report.status = "failed";
      report.exitCode = ExitCode.NOT_READY.number();
      report.error =
          new Report.Failure(Stage.PREFLIGHT.toString(), null, null, e.getMessage(), e.retryable());
      e.reasons().forEach(err::println);
    }
    out.println(report.line());
    return report.exitCode;
  }

  private static Plan planOf(String name) {
    PlanText text = PlanText.find(name);
    return PlanFile.read(text.location(), text.text(), List.of(), Version.number());
  }

  private static void invalid(Report report, String message) {
    report.status = "failed";
    report.exitCode = ExitCode.INVALID.number();
    report.error = new Report.Failure(Stage.LOAD.toString(), null, null, message, false);
  }

  @CommandLine.Command(
      name = "demo",
      description =
          "Starts an embedded PostgreSQL, fills it, runs the DefectDojo plan twice and shows both.",
      mixinStandardHelpOptions = true,
      footerHeading = "%nExample:%n",
      footer = "  backfill demo")
  int demo(
      @Option(names = "--keep", description = "Leaves the server running and says how to use it.")
          boolean keep) {
    return new Demo(stopping, out, err).run(keep);
  }

  private int take(Command command, PlanOptions options) {
    return take(command, options, CheckPrintout.NONE);
  }

  private int take(Command command, PlanOptions options, CheckPrintout printout) {
    Instant startedAt = Instant.now();
    Report report = new Report(UUID.randomUUID().toString(), command.toString(), startedAt);
    ReportTargets targets = null;
    try {
      targets = new ReportTargets(options.reports);
      PlanText text = PlanText.find(options.plan);
      Plan plan = PlanFile.read(text.location(), text.text(), options.sets, Version.number());
      report.label(options.labels);
      var steps = new Selection(options.only, options.from, options.until).of(plan);
      Databases databases = Databases.fromEnvironment(plan, steps, environment);
      stopping.listen();
      if (command == Command.RUN) {
        plan.settings().stopAfter().ifPresent(when -> stopping.at(when.deadline(startedAt)));
      }
      String name = "backfill " + plan.name();
      // What changes a database from within needs no engine.
      try (Session session =
              Step.fills(steps).isEmpty() ? Session.whenAsked(name) : Session.start(name);
          Progress progress = new Progress(plan.settings().progressEvery(), Terminal.of(err))) {
        new Backfill(plan, steps, databases, session, report, progress, stopping)
            .run(command, printout);
        report.lasts();
        progress.say(Summary.text(report, Terminal.width()));
        if (report.stopped()) {
          progress.say("to go on, run the same command again: " + CommandText.of(spec));
        }
      }
    } catch (InvalidPlan e) {
      report.plan = report.plan == null ? options.plan : report.plan;
      invalid(report, e.getMessage());
      e.problems().forEach(err::println);
    }
    report.lasts();
    if (targets != null) {
      targets.write(report, out, err);
    }
    out.println(report.line());
    return report.exitCode;
  }
}
