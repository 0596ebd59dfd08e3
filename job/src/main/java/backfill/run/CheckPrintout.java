package backfill.run;

import backfill.plan.Plan;
import backfill.postgres.preflight.Preflight;
import java.io.PrintStream;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/** What {@code check} prints on standard output, as SQL, before its line of JSON. */
public final class CheckPrintout {
  /** Prints nothing: for every other command, and for a check without these options. */
  public static final CheckPrintout NONE =
      new CheckPrintout(System.out, Set.of(), Optional.empty());

  /** Where psql stops to read. */
  private static final String END = "\\q";

  private final PrintStream out;
  private final Set<Part> parts;
  private final Optional<String> role;

  /** What can be asked for. */
  public enum Part {
    /** The statements of a run. */
    SQL,
    /** The rights that a run needs, and no other. */
    GRANTS
  }

  /**
   * @param role which the statements give the rights to; empty for the one that asks
   */
  public CheckPrintout(PrintStream out, Set<Part> parts, Optional<String> role) {
    this.out = out;
    this.parts = Set.copyOf(parts);
    this.role = role;
  }

  /**
   * The least role, also where preflight just found that we are less. psql takes it as it comes,
   * and stops before what is no SQL.
   */
  void grants(String plan, Preflight preflight) {
    if (!parts.contains(Part.GRANTS)) {
      return;
    }
    List<String> lines = preflight.leastRole(role);
    if (!lines.isEmpty()) {
      out.println("-- What a role needs to run " + plan + ", and nothing more.");
      if (role.isEmpty()) {
        out.println(
            "-- The role named is the one that this check logged in as; --role names another.");
      }
      lines.forEach(out::println);
      out.println(END);
    }
  }

  /** Those that make the ledger, also where preflight found that we may not. */
  void ledger(Plan plan, Preflight preflight) {
    if (parts.contains(Part.SQL) && preflight.lacksLedger()) {
      SqlListing.ledger(plan).forEach(out::println);
    }
  }

  /** The statements of these steps, now that it is known that they can run. */
  void statements(Supplier<SqlListing> listing) throws Exception {
    if (parts.contains(Part.SQL)) {
      listing.get().lines().forEach(out::println);
    }
  }
}
