package backfill;

import backfill.plan.Step;
import backfill.postgres.Preflight;
import java.io.PrintStream;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

/** What {@code check} prints on standard output, as SQL, before its line of JSON. */
final class CheckPrintout {
  /** For every other command, and for a check that nobody asked for more. */
  static final CheckPrintout NONE = new CheckPrintout(System.out, Set.of());

  private final PrintStream out;
  private final Set<Part> parts;

  /** What can be asked for. */
  enum Part {
    /** The statements of a run. */
    SQL,
    /** The rights that a run needs, and no other. */
    GRANTS
  }

  CheckPrintout(PrintStream out, Set<Part> parts) {
    this.out = out;
    this.parts = Set.copyOf(parts);
  }

  /** The least role, also where preflight just found that we are less. */
  void grants(String plan, Preflight preflight) {
    List<String> lines = preflight.leastRole();
    if (parts.contains(Part.GRANTS) && !lines.isEmpty()) {
      out.println(
          "-- What a role needs to run " + plan + ", and nothing more. The role named is the");
      out.println("-- one that this check logged in as; put another in its place.");
      lines.forEach(out::println);
    }
  }

  /** The statements of these steps, now that it is known that they can run. */
  void statements(List<Step> steps, Supplier<SqlListing> listing) throws Exception {
    if (parts.contains(Part.SQL) && !steps.isEmpty()) {
      listing.get().of(steps).forEach(out::println);
    }
  }
}
