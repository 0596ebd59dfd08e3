package backfill.cli;

import backfill.plan.PlanFile;
import backfill.report.Command;
import backfill.report.ExitCode;
import backfill.report.Folded;
import backfill.report.LastLine;
import backfill.report.Misspelling;
import backfill.report.ReportBuilder;
import backfill.report.Stopping;
import backfill.report.Terminal;
import backfill.report.Version;
import backfill.run.CheckPrintout;
import java.io.PrintStream;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
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
public final class CommandLineJob implements Callable<Integer> {
  private static final Logger LOG = LogManager.getLogger("backfill");

  /** The parser lays out no help that is narrower. */
  private static final int NARROWEST_HELP = 55;

  private final Stopping stopping;
  private final Map<String, String> environment;
  private final PrintStream out;
  private final PrintStream err;
  private final Answer answer;
  @Spec private CommandSpec spec;

  private CommandLineJob(
      Stopping stopping,
      Map<String, String> environment,
      PrintStream out,
      PrintStream err,
      String... arguments) {
    this.stopping = stopping;
    this.environment = environment;
    this.out = out;
    this.err = err;
    this.answer = new Answer(out, err, new LastLine(out, List.of(arguments)));
  }

  /** Runs a command line that nothing stops, and returns its exit code. */
  public static int run(
      Map<String, String> environment, PrintStream out, PrintStream err, String... arguments) {
    return run(Stopping.byHand(), environment, out, err, arguments);
  }

  /** Runs a command line and returns its exit code; prints to these streams. */
  public static int run(
      Stopping stopping,
      Map<String, String> environment,
      PrintStream out,
      PrintStream err,
      String... arguments) {
    CommandLineJob job = new CommandLineJob(stopping, environment, out, err, arguments);
    CommandLine line = new CommandLine(job);
    line.setOut(new java.io.PrintWriter(out, true));
    line.setErr(new java.io.PrintWriter(err, true));
    line.setCaseInsensitiveEnumValuesAllowed(true);
    // No colours anywhere, so that there is nothing to switch off.
    line.setColorScheme(CommandLine.Help.defaultColorScheme(CommandLine.Help.Ansi.OFF));
    line.setUsageHelpWidth(job.helpWidth());
    line.setParameterExceptionHandler((mistake, given) -> job.misspelt(mistake));
    line.setExecutionExceptionHandler((failure, command, given) -> job.broken(failure, command));
    return line.execute(arguments);
  }

  /** The usual width, unless the terminal is narrower. */
  private int helpWidth() {
    return Math.max(NARROWEST_HELP, Math.min(80, Math.min(Terminal.width(), Terminal.width(out))));
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
    return answer.refused(spec.name(), "a command is missing, as in backfill demo");
  }

  private int misspelt(CommandLine.ParameterException mistake) {
    return answer.refused(mistake.getCommandLine().getCommandName(), Misspelling.of(mistake));
  }

  /** What was not foreseen ends as a bug of ours, with its stack trace and the last line. */
  private int broken(Exception failure, CommandLine command) {
    LOG.error("this is a bug of the job", failure);
    ReportBuilder report = Answer.begun(command.getCommandName());
    report.failed(ExitCode.BUG, null);
    return answer.print(report.now());
  }

  @CommandLine.Command(
      name = "plans",
      description = "Lists the shipped plans.",
      mixinStandardHelpOptions = true,
      footerHeading = "%nExample:%n",
      footer = "  backfill plans")
  int plans() {
    for (String name : PlanFile.shipped()) {
      String description = PlanFile.description(PlanFile.shippedText(name).orElse(""));
      int width = Terminal.width(out);
      Folded.line(String.format("%-30s %s", name, description), width, width, 4)
          .forEach(out::println);
    }
    return ExitCode.DONE.number();
  }

  @CommandLine.Command(
      name = "help",
      description =
          "Explains the plan language, the settings and the shipped plans, a topic at a time.",
      mixinStandardHelpOptions = true,
      footerHeading = "%nExample:%n",
      footer = "  backfill help rows")
  int help(
      @Parameters(
              arity = "0..1",
              paramLabel = "TOPIC",
              description = "A topic, a shipped plan or a command; without one, all are listed.")
          String topic) {
    HelpTopics topics = HelpTopics.ofTheJob();
    CommandLine commands = spec.commandLine();
    if (topic == null) {
      commands.usage(out);
      out.printf("%nTopics of backfill help:%n");
      Folded.lines("  " + String.join(", ", topics.names()), helpWidth()).forEach(out::println);
      out.printf(
          "%nAnd for the shipped plans, beside their applications:%n  %s%n",
          String.join(", ", PlanPages.applications()));
    } else if (topics.source(topic).isPresent()) {
      out.println(topics.text(topic, helpWidth()));
    } else if (PlanPages.text(topic, helpWidth()).isPresent()) {
      out.println(PlanPages.text(topic, helpWidth()).get());
    } else if (commands.getSubcommands().containsKey(topic)) {
      commands.getSubcommands().get(topic).usage(out);
    } else {
      String message =
          "help has no topic "
              + topic
              + "; it has "
              + String.join(", ", topics.names())
              + ", "
              + String.join(", ", PlanPages.applications())
              + ", and every plan and command";
      return answer.refused("help", message);
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
              description = "Prints the least role that can run the plan, as input for psql.")
          boolean grants,
      @Option(
              names = "--role",
              paramLabel = "NAME",
              description = "The role that --grants names; without it the one that asks.")
          String role) {
    if (role != null && (!grants || role.isBlank())) {
      throw new CommandLine.ParameterException(
          spec.commandLine().getSubcommands().get("check"),
          role.isBlank()
              ? "--role is empty; name the role that will run the plan"
              : "--role " + role + " is for --grants, which is missing; add it");
    }
    Set<CheckPrintout.Part> parts = EnumSet.noneOf(CheckPrintout.Part.class);
    if (sql) {
      parts.add(CheckPrintout.Part.SQL);
    }
    if (grants) {
      parts.add(CheckPrintout.Part.GRANTS);
    }
    return take(Command.CHECK, options, new CheckPrintout(out, parts, Optional.ofNullable(role)));
  }

  @CommandLine.Command(
      name = "plan",
      description = "Counts what a run would do, step by step; writes nothing.",
      mixinStandardHelpOptions = true,
      footerHeading = "%nExample:%n",
      footer = "  backfill plan defectdojo-authorized-users --report -")
  int plan(@Mixin PlanOptions options, @Mixin DiffOption diff) {
    return take(Command.PLAN, options, CheckPrintout.NONE, diff, new ApprovalOptions());
  }

  @CommandLine.Command(
      name = "run",
      description = "Runs the backfill.",
      mixinStandardHelpOptions = true,
      footerHeading = "%nExample:%n",
      footer = "  backfill run defectdojo-authorized-users --set write.writers=4")
  int run(@Mixin PlanOptions options, @Mixin DiffOption diff, @Mixin ApprovalOptions approval) {
    return take(Command.RUN, options, CheckPrintout.NONE, diff, approval);
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
          String name,
      @Option(
              names = "--prune",
              paramLabel = "DAYS",
              description =
                  "Forgets the keys of runs that began so many days ago, as in 90d; these cannot be undone any more.")
          String prune,
      @Mixin CommonOptions options) {
    return new StatusCommand(environment, answer).run(name, prune, options);
  }

  @CommandLine.Command(
      name = "undo",
      description =
          "Counts what would be taken back of a run, by the keys that its batches kept in the ledger;"
              + " with --execute takes it back.",
      mixinStandardHelpOptions = true,
      footerHeading = "%nExample:%n",
      footer = "  backfill undo 2f1c77a0-5d7e-4b52-9a53-0c8f1d1b8e57 --execute")
  int undo(
      @Parameters(
              paramLabel = "RUN",
              description = "The number of the run, as status shows it, or its first 8 characters.")
          String run,
      @Option(names = "--execute", description = "Writes; without it nothing is written.")
          boolean execute,
      @Option(
              names = "--label",
              paramLabel = "TEXT",
              description = "A note for the report, NAME=VALUE or any text; repeatable.")
          List<String> labels,
      @Mixin CommonOptions options) {
    return new UndoCommand(stopping, environment, answer)
        .run(run, execute, labels == null ? List.of() : labels, options);
  }

  @CommandLine.Command(
      name = "explain",
      description =
          "Says what gives a user an object now, whether the target has it, and which run wrote it; writes nothing.",
      mixinStandardHelpOptions = true,
      footerHeading = "%nExample:%n",
      footer = "  backfill explain defectdojo-authorized-users --object 7 --user 12")
  int explain(@Mixin ExplainOptions options) {
    return new ExplainCommand(environment, answer).run(options);
  }

  @CommandLine.Command(
      name = "diff",
      description =
          "Says what one would do that the other would not, of two files that --diff wrote or two"
              + " reports; it ends with 0 whether they differ or not.",
      mixinStandardHelpOptions = true,
      footerHeading = "%nExample:%n",
      footer = "  backfill diff yesterday.jsonl.gz today.jsonl.gz")
  int diff(
      @Parameters(paramLabel = "A", description = "A path, or a URI that Hadoop reads.") String a,
      @Parameters(paramLabel = "B", description = "The other one, of the same kind.") String b,
      @Option(
              names = "--limit",
              paramLabel = "N",
              defaultValue = "20",
              description = "How many rows of each are shown; 20 unless set.")
          int limit,
      @Option(
              names = "--report",
              paramLabel = "TARGET",
              description = "Writes the JSON report to a path, a Hadoop URI, or - ; repeatable.")
          List<String> reports,
      @Mixin JsonOption json) {
    return new DiffCommand(answer).run(a, b, limit, reports == null ? List.of() : reports);
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
          boolean keep,
      @Mixin JsonOption json) {
    return PlanCommand.loadsOnly()
        ? ExitCode.DONE.number()
        : new Demo(stopping, err, answer.last()).run(keep);
  }

  private int take(Command command, PlanOptions options) {
    return take(command, options, CheckPrintout.NONE);
  }

  private int take(Command command, PlanOptions options, CheckPrintout printout) {
    return take(command, options, printout, new DiffOption(), new ApprovalOptions());
  }

  private int take(
      Command command,
      PlanOptions options,
      CheckPrintout printout,
      DiffOption diff,
      ApprovalOptions approval) {
    return new PlanCommand(stopping, environment, answer, spec)
        .run(command, options, printout, diff, approval);
  }
}
