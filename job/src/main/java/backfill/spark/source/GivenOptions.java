package backfill.spark.source;

import backfill.plan.Nearest;
import backfill.postgres.server.Database;
import backfill.postgres.server.SqlWords;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;

/**
 * The options that the connector was given, to read or to write, looked at one by one; what cannot
 * be read is refused by the option's name, with what is allowed.
 */
public record GivenOptions(CaseInsensitiveStringMap options) {
  private static final int DAY_SECONDS = 86_400;
  private static final Pattern QUOTED = Pattern.compile("\"(?:[^\"]|\"\")+\"");
  private static final Pattern VIEW = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");

  /** What Spark's JDBC writer and others call what we have, too. */
  private static final Map<String, String> MEANT =
      Map.ofEntries(
          Map.entry("path", "dbtable"),
          Map.entry("table", "dbtable"),
          Map.entry("username", "user"),
          Map.entry("batchsize", "rows-per-batch"),
          Map.entry("numpartitions", "writers"),
          Map.entry("querytimeout", "statement-timeout"),
          Map.entry("primarykey", "key"),
          Map.entry("onconflict", "mode"),
          Map.entry("savemode", "mode"),
          Map.entry("writemode", "mode"),
          Map.entry("batchid", "batch"),
          Map.entry("queryname", "stream"),
          Map.entry("fetchsize", "fetch-rows"));

  /**
   * Refuses all options but these.
   *
   * @param known in the order in which a message names them
   */
  public void refuseAllBut(List<String> known) {
    TreeSet<String> unknown = new TreeSet<>(options.keySet());
    known.forEach(unknown::remove);
    if (!unknown.isEmpty()) {
      throw new IllegalArgumentException(
          "unknown option "
              + unknown.stream()
                  .map(name -> name + meant(name, known))
                  .collect(Collectors.joining(", "))
              + " for format \"backfill\"; it knows "
              + String.join(", ", known));
    }
  }

  private static String meant(String name, List<String> known) {
    String plain = name.replaceAll("[-_.]", "");
    Optional<String> same =
        known.stream().filter(each -> each.replace("-", "").equals(plain)).findFirst();
    return same.or(() -> Optional.ofNullable(MEANT.get(plain)).filter(known::contains))
        .map(each -> " (did you mean " + each + "?)")
        .orElseGet(() -> Nearest.hint(name, known).replaceFirst("^; (.*)$", " ($1)"));
  }

  public String required(String name, String use) {
    return text(name)
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "option " + name + " is missing; format \"backfill\" needs " + use));
  }

  /** Empty where it is not given, or blank. */
  public Optional<String> text(String name) {
    return Optional.ofNullable(options.get(name)).filter(given -> !given.isBlank());
  }

  public boolean has(String name) {
    return options.containsKey(name);
  }

  /** Names by comma, as they are; one that holds a comma in double quotes, as in SQL. */
  List<String> names(String name) {
    return text(name).map(SqlWords::listed).orElse(List.of()).stream()
        .map(GivenOptions::unquoted)
        .toList();
  }

  private static String unquoted(String given) {
    return QUOTED.matcher(given).matches()
        ? given.substring(1, given.length() - 1).replace("\"\"", "\"")
        : given;
  }

  /** Where {@code url} says, or the driver's environment where there is none. */
  public Database database(Duration connectTimeout) {
    return has("url")
        ? Database.at(
            options.get("url"), options.get("user"), options.get("password"), connectTimeout)
        : Database.fromEnvironment("BACKFILL", System.getenv(), connectTimeout);
  }

  /** The name of a temporary view. */
  public Optional<String> view(String name) {
    String given = options.get(name);
    if (given != null && !VIEW.matcher(given).matches()) {
      throw new IllegalArgumentException(
          "option %s names a temporary view, in letters, digits and underscores; got %s"
              .formatted(name, given));
    }
    return Optional.ofNullable(given);
  }

  public boolean flag(String name) {
    String given = options.getOrDefault(name, "false").strip().toLowerCase(Locale.ROOT);
    if (!given.equals("true") && !given.equals("false")) {
      throw new IllegalArgumentException("option " + name + " must be true or false, got " + given);
    }
    return given.equals("true");
  }

  /** One of these; the first where none is given. */
  public <E extends Enum<E>> E oneOf(String name, List<E> allowed) {
    List<String> words =
        allowed.stream().map(value -> value.name().toLowerCase(Locale.ROOT)).toList();
    String given = options.getOrDefault(name, words.get(0)).strip();
    int place = words.indexOf(given.toLowerCase(Locale.ROOT));
    if (place < 0) {
      int last = words.size() - 1;
      throw new IllegalArgumentException(
          "option %s must be %s or %s, got %s%s"
              .formatted(
                  name,
                  String.join(", ", words.subList(0, last)),
                  words.get(last),
                  given,
                  Nearest.hint(given, words)));
    }
    return allowed.get(place);
  }

  public Duration seconds(String name, Duration otherwise) {
    return Duration.ofSeconds(number(name, Math.toIntExact(otherwise.toSeconds()), 1, DAY_SECONDS));
  }

  public int number(String name, int otherwise, int smallest, int largest) {
    return has(name) ? (int) number(name, smallest, largest) : otherwise;
  }

  /** One that is given. */
  public long number(String name, long smallest, long largest) {
    String given = options.get(name);
    try {
      long number = Long.parseLong(given.strip());
      if (number >= smallest && number <= largest) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Said below, with the range.
    }
    throw new IllegalArgumentException(
        "option " + name + " must be " + smallest + " to " + largest + ", got " + given);
  }
}
