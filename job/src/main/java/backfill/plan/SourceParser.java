package backfill.plan;

import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigValue;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Reads the sources of a plan. */
final class SourceParser {
  private static final String KEYED_BY = "keyed-by";

  private final Optional<Node> sources;
  private final SqlCheck sql;
  private final Set<String> databases;

  SourceParser(Node plan, SqlCheck sql, Set<String> databases) {
    this.sources = plan.object("sources");
    this.sql = sql;
    this.databases = databases;
  }

  /** Name to source, in the order of the file's lines. */
  Map<String, Source> sources() {
    Map<String, Source> read = new LinkedHashMap<>();
    for (Node all : sources.stream().toList()) {
      for (String name : all.keys()) {
        ConfigValue value = all.value(name).orElseThrow();
        if (!Node.IDENTIFIER.matcher(name).matches()) {
          all.problems().at(value.origin(), "source " + name + Node.IDENTIFIER_EXPECTED);
        }
        read.put(
            name,
            value instanceof ConfigObject block
                ? source(name, new Node(block, "source " + name, "", all.problems()))
                : new Source(
                    name,
                    all.text(name).orElse(""),
                    Plan.MAIN,
                    Optional.empty(),
                    Optional.empty()));
      }
    }
    return read;
  }

  private Source source(String name, Node source) {
    Optional<String> table = source.requiredText("table");
    Optional<String> database = source.text("database");
    database
        .filter(given -> !databases.contains(given))
        .ifPresent(
            given ->
                source.problem(
                    "database",
                    "names "
                        + given
                        + ", which is not under databases"
                        + Nearest.hint(given, databases)));
    Optional<String> where = source.text("where");
    where.ifPresent(condition -> sql.selection(source, "where", condition));
    Optional<Source.KeyedBy> keyedBy =
        source.object(KEYED_BY).flatMap(block -> keyedBy(source, block));
    source.done();
    return new Source(name, table.orElse(""), database.orElse(Plan.MAIN), where, keyedBy);
  }

  private static Optional<Source.KeyedBy> keyedBy(Node source, Node block) {
    List<String> columns = block.keys();
    if (columns.size() != 1) {
      source.problem(
          KEYED_BY,
          "must name one column and where its values come from, as in { id = [orders.item_id] }");
      return Optional.empty();
    }
    List<Source.KeyOrigin> keys = new ArrayList<>();
    for (String each : block.texts(columns.get(0))) {
      int dot = each.indexOf('.');
      if (dot < 1 || dot == each.length() - 1) {
        block.problem(columns.get(0), "must hold source.column, got " + each);
      } else {
        keys.add(new Source.KeyOrigin(each.substring(0, dot), each.substring(dot + 1)));
      }
    }
    return keys.isEmpty()
        ? Optional.empty()
        : Optional.of(new Source.KeyedBy(columns.get(0), keys));
  }

  /** Whether the keys of each source come from one that there is. */
  static void checkKeys(Node plan, Map<String, Source> sources, Set<String> views) {
    Set<String> known = new TreeSet<>(sources.keySet());
    known.addAll(views);
    for (Source source : sources.values()) {
      for (Source.KeyOrigin keys : source.keyedBy().map(Source.KeyedBy::keys).orElse(List.of())) {
        if (!known.contains(keys.from())) {
          plan.object("sources")
              .orElseThrow()
              .problem(
                  source.name(),
                  "takes its keys from "
                      + keys.from()
                      + ", which is neither a source nor a view"
                      + Nearest.hint(keys.from(), known));
        }
      }
    }
  }
}
