package backfill.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.StreamSupport;

/**
 * The README's table of figures: each plan's first run and rerun beside the ways by hand, taken
 * from the file that {@code job/bin/bench} writes.
 */
final class ReadmeTable {
  private static final String HEAD =
      "| plan, rows planned | beside | it takes s | the job s | it to the job |";

  private static final Pattern TABLE =
      Pattern.compile("^" + Pattern.quote(HEAD) + "\n(?:[|].*\n)*", Pattern.MULTILINE);

  private ReadmeTable() {}

  /**
   * Its lines in Markdown.
   *
   * @param figures what {@code --json} names: machine, server and results
   */
  static List<String> markdown(JsonNode figures) {
    List<String> lines = new ArrayList<>(List.of(HEAD, "|---|---|---|---|---|"));
    for (JsonNode result : figures.path("results")) {
      for (Peer peer : Bench.named(result.path("name").asText()).peers()) {
        if (peer.on() != Peer.On.OURS) {
          line(result, peer.name(), Ways.OURS, "").ifPresent(lines::add);
          line(result, peer.name() + Ways.AGAIN, Ways.RERUN, ", rerun").ifPresent(lines::add);
        }
      }
    }
    return lines;
  }

  /** Nothing where one of the two was not measured. */
  private static Optional<String> line(JsonNode result, String peer, String ours, String what) {
    Optional<Double> its = seconds(result, peer);
    return seconds(result, ours)
        .flatMap(
            job ->
                its.map(
                    it ->
                        String.format(
                            Locale.ROOT,
                            "| %s%s, %,d | %s | %.1f | %.1f | %.2f |",
                            result.path("name").asText(),
                            what,
                            result.path("planned").asLong(),
                            peer,
                            it,
                            job,
                            it / job)));
  }

  private static Optional<Double> seconds(JsonNode result, String way) {
    return StreamSupport.stream(result.path("table").spliterator(), false)
        .filter(row -> row.path("way").asText().equals(way))
        .map(row -> row.path("medianSeconds").asDouble())
        .findFirst();
  }

  /** The same text with this table instead of the one that is there, of whatever figures. */
  static String replaced(String text, JsonNode figures) {
    Matcher found = TABLE.matcher(text);
    if (!found.find()) {
      throw new IllegalArgumentException("the text has no table that begins with " + HEAD);
    }
    return found.replaceFirst(
        Matcher.quoteReplacement(String.join("\n", markdown(figures)) + "\n"));
  }
}
