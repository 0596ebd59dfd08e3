package backfill.cli;

import backfill.plan.PlanFile;
import backfill.postgres.throttle.PaceRequest;
import backfill.report.Command;
import backfill.report.ExitCode;
import backfill.report.Misspelling;
import backfill.report.ReportBuilder;
import backfill.report.Stopping;
import backfill.report.Version;
import backfill.report.terminal.Folded;
import backfill.report.terminal.Terminal;
import backfill.run.CheckPrintout;
import java.io.PrintStream;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * The commands and their options; each ends in an exit code. What is said of the first is inherited
 * by all others.
 */
@CommandLine.Command(
    name = "backfill",
    description = "Fills derived PostgreSQL tables, and proves what it wrote.",
    versionProvider = Version.class,
    mixinStandardHelpOptions = true,
    scope = CommandLine.ScopeType.INHERIT,
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
    this.answer = new Answer(out, err, List.of(arguments));
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
      footer = "  backfill help rows")
  int help(
      @Parameters(
              arity = "0..1",
              paramLabel = "TOPIC",
              description = "A topic, a shipped plan or a command; without one, all are listed.")
          String topic) {
    return new HelpCommand(spec.commandLine(), answer).run(topic);
  }

  @CommandLine.Command(
      name = "check",
      description = "Reads the plan and asks the servers whether it can run; writes nothing.",
      footer = "  backfill check defectdojo-authorized-users")
  int check(@Mixin PlanOptions options, @Mixin CheckOptions asked) {
    return take(
        Command.CHECK, options, asked.printout(out), new DiffOption(), new ApprovalOptions());
  }

  @CommandLine.Command(
      name = "plan",
      description = "Counts what a run would do, step by step; writes nothing.",
      footer = "  backfill plan defectdojo-authorized-users --report -")
  int plan(@Mixin PlanOptions options, @Mixin DiffOption diff) {
    return take(Command.PLAN, options, CheckPrintout.NONE, diff, new ApprovalOptions());
  }

  @CommandLine.Command(
      name = "run",
      description = "Runs the backfill.",
      footer = "  backfill run defectdojo-authorized-users --set write.writers=4")
  int run(@Mixin PlanOptions options, @Mixin DiffOption diff, @Mixin ApprovalOptions approval) {
    return take(Command.RUN, options, CheckPrintout.NONE, diff, approval);
  }

  @CommandLine.Command(
      name = "verify",
      description = "Counts the expected rows that are absent now; writes nothing.",
      footer = "  backfill verify defectdojo-authorized-users")
  int verify(@Mixin PlanOptions options) {
    return take(
        Command.VERIFY, options, CheckPrintout.NONE, new DiffOption(), new ApprovalOptions());
  }

  @CommandLine.Command(
      name = "status",
      description = "Shows the ledger: the newest runs, how far each has come, and where it runs.",
      footer = "  backfill status defectdojo-authorized-users")
  int status(@Mixin StatusOptions options) {
    return new StatusCommand(environment, answer).run(options);
  }

  @CommandLine.Command(
      name = "pause",
      description =
          "Lets a running run wait between two batches, on all of its machines, until unpause.",
      footer = "  backfill pause defectdojo-authorized-users --by ann")
  int pause(@Mixin PaceOptions options) {
    return new PaceCommand(environment, answer).run(PaceRequest.Kind.PAUSE, options, null);
  }

  @CommandLine.Command(
      name = "unpause",
      description = "Lets a run go on that pause has paused.",
      footer = "  backfill unpause defectdojo-authorized-users")
  int unpause(@Mixin PaceOptions options) {
    return new PaceCommand(environment, answer).run(PaceRequest.Kind.UNPAUSE, options, null);
  }

  @CommandLine.Command(
      name = "pace",
      description = "Says how many rows a second all writers of a running run may write.",
      footer = "  backfill pace defectdojo-authorized-users 20000")
  int pace(
      @Mixin PaceOptions options,
      @Parameters(
              index = "1",
              paramLabel = "ROWS",
              description = "Rows per second, 1 to 1000000000, or off.")
          String rowsPerSecond) {
    return new PaceCommand(environment, answer).run(PaceRequest.Kind.PACE, options, rowsPerSecond);
  }

  @CommandLine.Command(
      name = "undo",
      description =
          "Counts what would be taken back of a run, by the keys that its batches kept in the ledger;"
              + " with --execute takes it back.",
      footer = "  backfill undo 2f1c77a0-5d7e-4b52-9a53-0c8f1d1b8e57 --execute")
  int undo(@Mixin UndoOptions options) {
    return new UndoCommand(stopping, environment, answer).run(options);
  }

  @CommandLine.Command(
      name = "explain",
      description =
          "Says what gives a user an object now, whether the target has it, and which run wrote it; writes nothing.",
      footer = "  backfill explain defectdojo-authorized-users --object 7 --user 12")
  int explain(@Mixin ExplainOptions options) {
    return new ExplainCommand(environment, answer).run(options);
  }

  @CommandLine.Command(
      name = "diff",
      description =
          "Says what one would do that the other would not, of two files that --diff wrote or two"
              + " reports; it ends with 0 whether they differ or not.",
      footer = "  backfill diff yesterday.jsonl.gz today.jsonl.gz")
  int diff(@Mixin ComparedFiles files) {
    return new DiffCommand(answer).run(files);
  }

  @CommandLine.Command(
      name = "page",
      description =
          "Makes a page for people of a report: beside it, or where --report says, as .html or .md.",
      footer = "  backfill page run.json")
  int page(@Mixin PageOptions options) {
    return new PageCommand(answer).run(options);
  }

  @CommandLine.Command(
      name = "completion",
      description =
          "Prints what lets bash, and zsh by its bashcompinit, complete commands and options.",
      footer = "  backfill completion")
  int completion() {
    out.print(AutoComplete.bash("backfill", spec.commandLine()));
    return ExitCode.DONE.number();
  }

  @CommandLine.Command(
      name = "demo",
      description =
          "Starts an embedded PostgreSQL, fills it, runs the DefectDojo plan twice and shows both.",
      footer = "  backfill demo")
  int demo(
      @Option(names = "--keep", description = "Leaves the server running and says how to use it.")
          boolean keep,
      @Mixin JsonOption json) {
    return Answer.loadsOnly() ? ExitCode.DONE.number() : new Demo(stopping, answer).run(keep);
  }

  private int take(
      Command command,
      PlanOptions options,
      CheckPrintout printout,
      DiffOption diff,
      ApprovalOptions approval) {
    return new PlanCommand(stopping, environment, answer)
        .run(command, options, printout, diff, approval);
  }
}
