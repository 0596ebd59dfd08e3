package backfill.testing;

/**
 * An application's access with levels or nested groups, some of it there, some at another level.
 */
final class TestingFaultedAccess extends TestingFaultedTables {
  private final TestingAccessRules rules;

  TestingFaultedAccess(
      TestingFaultedPlan plan, TestingAccessRules rules, TestingDatabase database) {
    super(plan, database);
    this.rules = rules;
  }

  @Override
  String missing() {
    return "(%s) EXCEPT (%s)".formatted(rules.expected(), rules.held(""));
  }

  @Override
  String surplus() {
    return "(%s) EXCEPT ((%s) UNION (%s))"
        .formatted(rules.held(""), rules.expected(), rules.held("before_"));
  }
}
