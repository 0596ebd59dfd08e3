package backfill.spark.query;

import backfill.plan.Never;
import backfill.plan.Plan;
import backfill.plan.Step;
import java.util.IllegalFormatException;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.apache.spark.SparkThrowable;
import org.apache.spark.sql.AnalysisException;

/**
 * A plan's query that Spark does not understand, or cannot compute for the rows that there are: a
 * text that is no number, a division by zero, a number that overflows. Every attempt fails so.
 */
public final class QueryFailure {
  /**
   * Classes of SQLSTATE that are about a query and its values: unsupported features, cardinality,
   * data, constraints, names and syntax, limits of a program, errors that a query raises itself.
   */
  private static final Set<String> CLASSES = Set.of("0A", "21", "22", "23", "42", "54", "P0");

  private static final Pattern CONDITION = Pattern.compile("^\\[[A-Z0-9_.]+]\\s*");
  private static final Pattern STATE = Pattern.compile("\\s*SQLSTATE: \\w{5}.*$");
  private static final Pattern BETWEEN_SENTENCES = Pattern.compile("(?<=[.!?])\\s+(?=[A-Z`\"'])");

  private final Throwable told;

  private QueryFailure(Throwable told) {
    this.told = told;
  }

  /** The first of a failure's causes that is one. */
  public static Optional<QueryFailure> in(Throwable failure) {
    for (Throwable t = failure; t != null; t = t.getCause()) {
      if (isOfAQuery(t)) {
        return Optional.of(new QueryFailure(t));
      }
    }
    return Optional.empty();
  }

  /** The same, of what the plan's own query led to: also where Spark does not say in what query. */
  static Optional<QueryFailure> ofQuery(Throwable failure) {
    Optional<QueryFailure> found = in(failure);
    for (Throwable t = failure; t != null && found.isEmpty(); t = t.getCause()) {
      if (t instanceof AnalysisException) {
        found = Optional.of(new QueryFailure(t));
      }
    }
    return found;
  }

  private static boolean isOfAQuery(Throwable failure) {
    if (failure instanceof PatternSyntaxException || failure instanceof IllegalFormatException) {
      return true;
    }
    return failure instanceof SparkThrowable spark
        && spark.getCondition() != null
        && spark.getSqlState() != null
        && CLASSES.contains(spark.getSqlState().substring(0, 2))
        // What the job itself asks for and misnames is a mistake of ours.
        && !(failure instanceof AnalysisException && placeOf(failure).isEmpty());
  }

  /** Null where Java and not Spark found it. */
  public String sqlState() {
    return told instanceof SparkThrowable spark ? spark.getSqlState() : null;
  }

  /** Which query, where in it, and what Spark says of it. */
  public String sentence(Plan plan) {
    return placeOf(told)
            .flatMap(at -> query(plan, at.query()))
            .map(query -> query + ": ")
            .orElse("")
        + sentence();
  }

  /** Where in the query, and what Spark says of it, in one line. */
  String sentence() {
    String condition =
        told instanceof SparkThrowable spark ? " (" + spark.getCondition() + ")" : "";
    return placeOf(told).map(at -> at + ": ").orElseGet(this::line) + message(told) + condition;
  }

  /** All that a parser says, which has not taken note of the text. */
  private String line() {
    return told instanceof AnalysisException refused && refused.line().isDefined()
        ? "line " + refused.line().get() + ": "
        : "";
  }

  private static Optional<QueryPlace> placeOf(Throwable failure) {
    Optional<QueryPlace> place =
        failure instanceof SparkThrowable spark
            ? QueryPlace.of(spark.getQueryContext())
            : Optional.empty();
    // Of a syntax error, the context is the whole text, and the parser says where in it.
    return failure instanceof AnalysisException refused && refused.line().isDefined()
        ? place.map(
            at -> at.fragment().equals(at.query()) ? at.atLine((Integer) refused.line().get()) : at)
        : place;
  }

  /** Without advice to change a setting of Spark's: the job's session has its own. */
  private static String message(Throwable failure) {
    String line = String.valueOf(failure.getMessage()).strip().lines().findFirst().orElse("");
    String text = STATE.matcher(CONDITION.matcher(line).replaceAll("")).replaceAll("").strip();
    StringBuilder kept = new StringBuilder();
    for (String sentence : BETWEEN_SENTENCES.split(text)) {
      if (!sentence.contains("spark.sql.")) {
        kept.append(kept.isEmpty() ? "" : " ").append(sentence);
      }
    }
    return kept.toString().replaceAll("[.]$", "");
  }

  /** What the plan calls the query of this text. */
  private static Optional<String> query(Plan plan, String text) {
    for (var view : plan.views().entrySet()) {
      if (view.getValue().equals(text)) {
        return Optional.of("view " + view.getKey());
      }
    }
    for (Never check : plan.never()) {
      if (check.query().equals(text)) {
        return Optional.of("never " + check.name());
      }
    }
    for (Step step : plan.steps()) {
      if (step instanceof Step.Rows rows) {
        if (rows.query().equals(text)) {
          return Optional.of("step " + rows.name() + ": query");
        }
        for (var unmatched : rows.unmatched().entrySet()) {
          if (unmatched.getValue().equals(text)) {
            return Optional.of("step " + rows.name() + ": unmatched." + unmatched.getKey());
          }
        }
      }
    }
    return Optional.empty();
  }
}
