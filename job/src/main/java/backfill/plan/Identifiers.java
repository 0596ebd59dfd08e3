package backfill.plan;

import java.util.regex.Pattern;

/** How the names that a plan gives may look. */
final class Identifiers {
  /** Names of a plan and of a step: they become part of labels and of file names. */
  static final Pattern NAME = Pattern.compile("[a-z0-9-]+");

  static final String NAME_EXPECTED = "must be small letters, digits and hyphens, got ";

  /** Names of sources, views and params: an identifier of both SQLs without quotes. */
  static final Pattern IDENTIFIER = Pattern.compile("[a-z_][a-z0-9_]*");

  static final String IDENTIFIER_EXPECTED =
      " must be small letters, digits and underscores, and not begin with a digit";

  private Identifiers() {}
}
