package backfill.plan;

import static backfill.plan.TestingPlans.SMALL;
import static backfill.plan.TestingPlans.problems;
import static backfill.plan.TestingPlans.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PlanFileTest {
  @Test
  void everythingThatAPlanCanSay() {
    Plan plan =
        read(
            """
            name = all-of-it
            only-if = ":strict AND to_regclass('t') IS NOT NULL"
            params { strict = true, newest = 20, share = 0.5, group = "admins", for = 7 days }
            sources {
              grants  = app_grants
              members { table = "app.Members", where = "kind = :group AND at < :now::timestamptz" }
            }
            views.direct = "SELECT object_id, user_id FROM recent"
            views.recent = "SELECT * FROM grants WHERE n > :newest"
            steps = [
              { name = one, kind = pairs, only-if = "true"
                direct  = [{ from = direct, object = object_id, user = user_id }]
                through = [{ from = grants, object = object_id, group = group_id }]
                members = [{ from = members, group = g, user = u }]
                into    = { table = pairs, object = o, user = u } }
              { name = two, kind = rows, mode = update
                query = "SELECT id, :now AS at FROM grants"
                into  = { table = t, key = [id, at] } }
            ]
            """);
    assertThat(plan.file().location()).isEqualTo("test.conf");
    assertThat(plan.onlyIf()).contains(":strict AND to_regclass('t') IS NOT NULL");
    assertThat(plan.params())
        .containsOnly(
            entry("strict", true),
            entry("newest", 20L),
            entry("share", 0.5),
            entry("group", "admins"),
            entry("for", "7 days"));
    assertThat(plan.sources().values())
        .containsExactly(
            new Source("grants", "app_grants", Plan.MAIN, Optional.empty(), Optional.empty()),
            new Source(
                "members",
                "app.Members",
                Plan.MAIN,
                Optional.of("kind = :group AND at < :now::timestamptz"),
                Optional.empty()));
    assertThat(plan.views().keySet()).containsExactly("recent", "direct");
    Settings.Write write = plan.settings().write();
    assertThat(plan.steps())
        .containsExactly(
            new Step.Pairs(
                "one",
                Optional.of("true"),
                new GrantSources(
                    List.of(new GrantSources.Grant("direct", "object_id", "user_id")),
                    List.of(new GrantSources.Grant("grants", "object_id", "group_id")),
                    List.of(new GrantSources.Membership("members", "g", "u"))),
                new IntoPairs("pairs", "o", "u"),
                Step.Surplus.REPORT,
                Optional.empty(),
                write),
            new Step.Rows(
                "two",
                Optional.empty(),
                new Step.Rows.Asked("SELECT id, :now AS at FROM grants", Map.of()),
                new IntoRows("t", List.of("id", "at")),
                new Step.Rows.Writing(Step.Mode.UPDATE, Set.of(), Set.of()),
                Step.Surplus.IGNORE,
                Optional.empty(),
                write));
  }

  @Test
  void nineMistakesAreNineLines() {
    assertThat(
            problems(
                """
                name = Nine_Mistakes
                sources {
                  grants = app_grants
                  members { table = app_members, were = "active" }
                }
                write.rows-per-batch = 0
                steps = [
                  { name = one, kind = pairs
                    direct = [{ from = grant, object = product_id, user = user_id }]
                    through = [{ from = grants, object = product_id, group = group_id }]
                    into = { table = pairs, object = user_id, user = user_id } }
                  { name = two, kind = rows, mode = merge
                    query = "SELECT id, rand() AS n FROM grants"
                    into = { table = t } }
                ]
                """))
        .containsExactly(
            "test.conf:1: name of the plan must be small letters, digits and hyphens,"
                + " got Nine_Mistakes",
            "test.conf:4: unknown key were in source members; did you mean where?",
            "test.conf:6: write.rows-per-batch must be 1 to 1000000, got 0",
            "test.conf:8: step one has through, but no members that say who is in a group",
            "test.conf:9: direct.from of step one names grant, which is neither a source nor a view;"
                + " did you mean grants?",
            "test.conf:11: into.user of step one is the column user_id, and so is object;"
                + " name two columns",
            "test.conf:12: mode of step two must be insert-missing or upsert or update, got merge",
            "test.conf:13: query of step two uses rand, which differs on each run;"
                + " use a column, a parameter or, for the time, :now",
            "test.conf:14: into.key is missing in step two");
  }

  @Test
  void aSyntaxErrorIsReportedAlone() {
    assertThat(problems("name = x\nfoo = 1\nsteps = [ }", "foo"))
        .containsExactly(
            "test.conf:3: List should have ] or a first element after the open [, instead had token:"
                + " '}'");
  }

  @Test
  void anUnsetVariableIsReportedAlone() {
    assertThat(problems("foo = 1\nname = ${NOT_SET_ANYWHERE}", "foo"))
        .containsExactly(
            "test.conf:2: ${NOT_SET_ANYWHERE} has no value:"
                + " it is neither a key of the plan nor set in the environment");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"[1]", "name = [1] {a = 1}", "name = ${name}", "a = ${b}, b = ${a}", "= 1"})
  void whatHoconCannotReadIsOneProblem(String text) {
    assertThat(problems(text)).hasSize(1);
  }

  @Test
  void aVariableIsTakenFromTheEnvironment() {
    assertThat(read(SMALL.replace("admins", "${PATH}")).params())
        .containsEntry("group", System.getenv("PATH"));
  }

  @Test
  void anEmptyPlanLacksItsNameAndItsSteps() {
    assertThat(problems(""))
        .containsExactly(
            "test.conf:1: name is missing in the plan",
            "test.conf:1: steps is missing in the plan");
  }

  @Test
  void aKeyMayBeOfSeveralColumns() {
    String several =
        SMALL.replace("object = product_id, user = user_id", "object = [t, o], user = [u, t]");
    Step.Pairs step = (Step.Pairs) read(several).steps().get(0);
    assertThat(step.direct())
        .containsExactly(new GrantSources.Grant("grants", List.of("t", "o"), List.of("u", "t")));
    assertThat(step.into().shared()).containsExactly("t");
    assertThat(step.key()).containsExactly("t", "o", "u");

    assertThat(problems(several.replace("[u, t]", "[o, t]")))
        .containsExactly(
            "test.conf:6: into.user of step one has no column that object does not have; a user needs one of its own");
    assertThat(problems(several.replace("[u, t]", "[t, o]")))
        .containsExactly(
            "test.conf:6: into.user of step one is the columns t, o, and so is object; name others");
    assertThat(
            problems(
                SMALL
                    .replace("pairs, object = product_id, user", "pairs, object = user_id, user")
                    .replace("user = user_id } }]", "user = [user_id, t] } }]")))
        .contains(
            "test.conf:6: into.object of step one has no column that user does not have; an object needs one of its own");
    assertThat(problems(several.replace("[u, t]", "[u, 7]")))
        .contains("test.conf:6: into.user of step one must hold names, got the number 7");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "name = small | ~name = small, allow-delte = true~ | 1: unknown key allow-delte in the plan; did you mean allow-delete?",
        "name = small | name = 5            | 1: name of the plan must be text, got the number 5",
        "name = small | name = \"\"         | 1: name of the plan must not be empty",
        "name = one   | name = o_ne         | 4: name of step o_ne must be small letters, digits and hyphens, got o_ne",
        "name = one,  | foo = 1,            | 4: name is missing in step 1 & 4: unknown key foo in step 1",
        "kind = pairs | kind = copies       | 4: kind of step one must be pairs, rows, batches or ddl, got copies",
        ", kind = pairs |                   | 4: kind is missing in step one",
        "kind = pairs | kind = pairs, touch = [a] | 4: unknown key touch in step one",
        "kind = pairs | kind = pairs, write.writers = 65 | 4: write.writers must be 1 to 64, got 65",
        "kind = pairs | kind = pairs, write { writer = 5 } | 4: unknown key write.writer in step one; did you mean write.writers?",
        "kind = pairs | kind = pairs, only-if = true | 4: only-if of step one must be text, got true",
        "kind = pairs | kind = pairs, only-if = \"x = ':a\" | 4: only-if of step one opens a quote or a comment that is never closed",
        "kind = pairs | kind = pairs, only-if = \"x = :gruop\" | 4: only-if of step one uses :gruop, which is not in params; did you mean group?",
        "kind = pairs | kind = pairs, members = [{ from = grants, group = g, user = u }] | 4: step one has members, but no through that grants a group anything",
        "kind = pairs | kind = pairs, nested = [{ from = grants, parent = g, child = c }] | 4: step one has nested groups, but no through that grants a group anything",
        "kind = pairs | kind = pairs, through = [{ from = grants, object = o, group = g }], members = [{ from = grants, group = g, user = u }], nested = [{ from = grant, parent = g, chlid = c }] | 4: nested.from of step one names grant, which is neither a source nor a view; did you mean grants? & 4: nested.child is missing in step one & 4: unknown key nested.chlid in step one; did you mean nested.child?",
        "kind = pairs | kind = pairs, through = [{ from = grants, object = o, group = g }], members = [{ from = grants, group = g, user = u }], nested = [{ from = grants, parent = g, child = g }] | 4: nested.child of step one is the column g, and so is parent; name two columns",
        "kind = pairs | kind = pairs, through = [{ from = grants, object = [t, o], group = [t, g] }], members = [{ from = grants, group = g, user = [u, u] }] | 4: members.user of step one names u twice & 4: through.object of step one has 2 columns (t, o), and into.object has 1 column (product_id); name an object by the same number of columns everywhere & 4: members.group of step one has 1 column (g), and the first group has 2 columns (t, g); name a group by the same number of columns everywhere",
        "kind = pairs | kind = pairs, objects = [{ from = grants, parent = [], child = [t, o] }] | 4: objects.parent of step one must not be empty & 4: objects.child of step one has 2 columns (t, o), and into.object has 1 column (product_id); name an object by the same number of columns everywhere",
        "kind = pairs | kind = pairs, leaves = grants | 4: step one has leaves, but no objects that say what is within what",
        "kind = pairs | kind = pairs, leaves = grant, objects = [{ from = grants, parent = p, child = c }] | 4: leaves of step one names grant, which no objects, direct or through of the step reads; did you mean grants?",
        "[{ from      | [] # [{ from        | 4: step one grants nothing; give it direct, or through and members",
        "[{ from = grants | [7, { from = grants | 5: direct of step one must hold blocks in braces, got the number 7",
        "[{ from = grants, object = product_id, user = user_id }] | { from = grants } | 5: direct of step one must be a list in brackets, got a block in braces",
        "user = user_id }] | group = g }]    | 5: direct.user is missing in step one & 5: unknown key direct.group in step one",
        "table = pairs, | tabel = pairs,    | 6: into.table is missing in step one & 6: unknown key into.tabel in step one; did you mean into.table?",
        "into = { table = pairs, object = product_id, user = user_id } | | 4: into is missing in step one",
        "app_grants   | [app_grants]        | 3: sources.grants of the plan must be text, got a list",
        "grants = app_grants | grants { where = \"x\" } | 3: table is missing in source grants",
        "grants = app_grants | grants { table = t, where = null } | 3: where of source grants must be text, got null",
        "grants = app_grants | grants { table = t, where = \"\" } | 3: where of source grants must not be empty",
        "grants = app_grants | grants { table = t, database = ci } | 3: database of source grants names ci, which is not under databases",
        "grants = app_grants | grants { table = t, where = \"a = :b\" } | 3: where of source grants uses :b, which is not in params",
        "app_grants }  | app_grants, Other-One = t } | 3: source Other-One must be small letters, digits and underscores, and not begin with a digit",
        "group = admins | now = 1           | 2: param now is taken: :now is the server's time at the start",
        "group = admins | a-b = 1           | 2: param a-b must be small letters, digits and underscores, and not begin with a digit",
        "group = admins | group = [1]       | 2: param group must be text, a number, true or false, got a list",
        "name = small  | ~name = small, views.grants = \"SELECT 1\"~ | 1: grants is both a source and a view; give each its own name",
        "name = small  | ~name = small, views.v = \"SELECT * FROM v\"~ | 1: views.v of the plan needs itself: v -> v",
        "name = small  | ~name = small, views.v = \"SELECT :x\"~ | 1: views.v of the plan uses :x, which is not in params",
        "name = small  | ~name = small, time-zone = \"+02:00\"~ | 1: time-zone of the plan must be the name of a time zone that PostgreSQL and Java know, as in UTC or Europe/Berlin, got +02:00",
        "name = small  | ~name = small, time-zone = europe/berlin~ | 1: time-zone of the plan must be the name of a time zone that PostgreSQL and Java know, as in UTC or Europe/Berlin, got europe/berlin",
        "name = small  | ~name = small, time-zone = \"\"~ | 1: time-zone of the plan must not be empty",
        "name = small  | ~name = small, views.v = 5~ | 1: views.v of the plan must be text, got the number 5"
      })
  void oneMistakeIsOneLine(String from, String to, String expected) {
    assertThat(SMALL).contains(from);
    String text = SMALL.replace(from, to == null ? "" : to);
    assertThat(String.join(" & ", problems(text)).replace("test.conf:", "")).isEqualTo(expected);
  }

  @Test
  void stepsMustNotBeEmpty() {
    assertThat(problems("name = x\nsteps = []"))
        .containsExactly("test.conf:2: steps of the plan must not be empty");
  }

  @Test
  void twoStepsOfOneNameAreRefused() {
    assertThat(problems(SMALL.replace("steps = [", "steps = [" + rows("SELECT 1") + "\n")))
        .containsExactly(
            "test.conf:5: step one is given twice, first on line 4; give each its own name");
  }

  @ParameterizedTest
  @CsvSource({
    "current_timestamp",
    "Current_Date",
    "current_timestamp()",
    "localtimestamp",
    "now()",
    "NOW ( )"
  })
  void aQueryThatAsksForTheTimeIsRefused(String expression) {
    String word = expression.replaceAll("[ ()]", "");
    assertThat(problems(onlyRows("SELECT " + expression + " AS x FROM grants")))
        .containsExactly(
            "test.conf:4: query of step one uses "
                + word
                + ", which differs on each run; use :now, the server's time at its start");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"rand()", "random ()", "shuffle(x)", "monotonically_increasing_id()", "randn(5)"})
  void aQueryThatIsRandomIsRefused(String expression) {
    String word = expression.replaceAll("[ (].*", "");
    assertThat(problems(onlyRows("SELECT " + expression + " AS x FROM grants")))
        .containsExactly(
            "test.conf:4: query of step one uses "
                + word
                + ", which differs on each run; use a column, a parameter or, for the time, :now");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT 'now()' AS x FROM grants -- rand()",
        "SELECT uuid, random, g.current_date, :now AS now FROM grants g",
        "SELECT unix_timestamp(at) AS x, current_dates FROM grants"
      })
  void aQueryThatOnlyLooksRandomIsNot(String query) {
    assertThat(problems(onlyRows(query))).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "key = []          | into.key of step one must not be empty",
        "key = id          | into.key of step one must be a list, as in [id], got the text \"id\"",
        "'key = [id, id]'  | into.key of step one names id twice",
        "key = [1]         | into.key of step one must hold names, got the number 1"
      })
  void aKeyIsAListOfNames(String key, String expected) {
    assertThat(problems(onlyRows("SELECT 1").replace("key = [id]", key)))
        .containsExactly("test.conf:4: " + expected);
  }

  @Test
  void modeAndQueryMustBeThere() {
    assertThat(
            problems(
                onlyRows("SELECT 1")
                    .replace("mode = update, ", "")
                    .replace("query = ", "quary = ")))
        .containsExactly(
            "test.conf:4: query is missing in step one",
            "test.conf:4: mode is missing in step one",
            "test.conf:4: unknown key quary in step one; did you mean query?");
  }

  @Test
  void aBackslashBeforeAQuoteIsRefusedInAQuery() {
    assertThat(problems(onlyRows("SELECT 'it\\\\'s', 'and 2\\\\' more'")))
        .containsExactly(
            "test.conf:4: query of step one escapes a quote with a backslash;"
                + " double the quote instead");
    assertThat(problems(onlyRows("SELECT 'it''s', 'a\\\\\\\\'"))).isEmpty();
  }

  private static String onlyRows(String query) {
    return SMALL.substring(0, SMALL.indexOf("steps")) + "steps = [" + rows(query) + "]";
  }

  private static String rows(String query) {
    return "{ name = one, kind = rows, mode = update, query = \""
        + query
        + "\", into { table = t, key = [id] } }";
  }
}
