package backfill.spark.source;

import backfill.plan.Nearest;
import backfill.postgres.server.Database;
import backfill.postgres.server.SqlWords;
import java.time.Duration;
import java.util.List;
import java.util.TreeSet;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;

/** The options of one use of the connector, each refused by its name if it is not as it must be. */
record GivenOptions(CaseInsensitiveStringMap given) {
  private static final int DAY_SECONDS = 86_400;

  /** Refuses what is none of these. */
  void refuseOthers(List<String> known) {
    TreeSet<String> unknown = new TreeSet<>(given.keySet());
    known.forEach(unknown::remove);
    if (!unknown.isEmpty()) {
      throw new SourceException(
          "unknown option %s for reading by format \"backfill\", which knows %s%s"
              .formatted(
                  String.join(", ", unknown),
                  String.join(", ", known),
                  Nearest.hint(unknown.first(), known)));
    }
  }

  Database database(Duration connectTimeout) {
    return given.containsKey("url")
        ? Database.at(given.get("url"), given.get("user"), given.get("password"), connectTimeout)
        : Database.fromEnvironment("BACKFILL", System.getenv(), connectTimeout);
  }

  String required(String name, String what) {
    String value = given.get(name);
    if (value == null || value.isBlank()) {
      throw new SourceException(
          "option " + name + " is missing; format \"backfill\" needs " + what);
    }
    return value;
  }

  /** Names by comma, one that holds a comma in quotes; empty where the option is not given. */
  List<String> names(String name) {
    return given.containsKey(name) ? SqlWords.listed(given.get(name)) : List.of();
  }

  Duration seconds(String name, Duration otherwise) {
    return Duration.ofSeconds(number(name, Math.toIntExact(otherwise.toSeconds()), 1, DAY_SECONDS));
  }

  int number(String name, int otherwise, int smallest, int largest) {
    String value = given.get(name);
    if (value == null) {
      return otherwise;
    }
    try {
      int number = Integer.parseInt(value.strip());
      if (number >= smallest && number <= largest) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Said below, with the range.
    }
    throw new SourceException(
        "option " + name + " must be " + smallest + " to " + largest + ", got " + value);
  }
}
