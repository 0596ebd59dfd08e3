package backfill.cli;

import backfill.run.CheckPrintout;
import java.io.PrintStream;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What check prints as SQL. */
final class CheckOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(
      names = "--sql",
      description = "Prints every statement as a run will send it, and the locks it takes.")
  private boolean sql;

  @Option(
      names = "--grants",
      description = "Prints the least role that can run the plan, as input for psql.")
  private boolean grants;

  @Option(
      names = "--role",
      paramLabel = "NAME",
      description = "The role that --grants names; without it the one that asks.")
  private String role;

  /**
   * Prints what was asked for.
   *
   * @throws ParameterException for a role without a name, or without what it is for
   */
  CheckPrintout printout(PrintStream out) {
    if (role != null && (!grants || role.isBlank())) {
      throw new ParameterException(
          command.commandLine(),
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
    return new CheckPrintout(out, parts, Optional.ofNullable(role));
  }
}
