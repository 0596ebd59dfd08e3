package backfill.postgres.change;

import static backfill.postgres.change.DdlText.quoted;

import backfill.postgres.change.DdlShape.AddColumn;
import backfill.postgres.change.DdlShape.AlterTable;
import backfill.postgres.change.DdlShape.CreateIndex;
import backfill.postgres.change.DdlShape.CreateRelation;
import backfill.postgres.change.DdlShape.DropColumn;
import backfill.postgres.change.DdlShape.DropRelation;
import backfill.postgres.change.DdlShape.Element;
import backfill.postgres.server.SqlWords;
import backfill.postgres.server.TableName;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Reads the shape of a {@code ddl} statement from its words. */
final class DdlParser {
  /** What may stand behind ADD and is no column's name. */
  private static final Set<String> CONSTRAINTS =
      Set.of("constraint", "primary", "unique", "check", "foreign", "exclude", "not");

  private DdlParser() {}

  static DdlShape shapeOf(SqlWords words) {
    Optional<? extends DdlShape> shape = Optional.empty();
    if (words.skip("alter", "table")) {
      shape = alterTable(words);
    } else if (words.skip("drop")) {
      shape = drop(words);
    } else if (words.skip("create")) {
      shape = create(words);
    }
    return shape.isPresent() ? shape.get() : new DdlShape.Unread();
  }

  private static Optional<? extends DdlShape> create(SqlWords words) {
    words.skip("or", "replace");
    boolean unique = words.skip("unique");
    if (words.skip("index")) {
      return index(words, unique);
    }
    for (String prefix :
        new String[] {"global", "local", "temp", "temporary", "unlogged", "recursive"}) {
      words.skip(prefix);
    }
    Optional<Character> kind = kind(words);
    words.skip("if", "not", "exists");
    Optional<List<String>> name = kind.isEmpty() ? Optional.empty() : words.name();
    if (name.isEmpty()) {
      return Optional.empty();
    }
    words.until("as", ";");
    String query = words.skip("as") ? words.rest() : "";
    return Optional.of(
        new CreateRelation(
            kind.get(), name.get(), Optional.of(query).filter(text -> !text.isEmpty())));
  }

  private static Optional<Character> kind(SqlWords words) {
    if (words.skip("table")) {
      return Optional.of('r');
    } else if (words.skip("view")) {
      return Optional.of('v');
    } else if (words.skip("materialized", "view")) {
      return Optional.of('m');
    } else if (words.skip("sequence")) {
      return Optional.of('S');
    } else if (words.skip("foreign", "table")) {
      return Optional.of('f');
    }
    return words.skip("index") ? Optional.of('i') : Optional.empty();
  }

  private static Optional<CreateIndex> index(SqlWords words, boolean unique) {
    boolean concurrently = words.skip("concurrently");
    words.skip("if", "not", "exists");
    Optional<List<String>> name = words.next().is("on") ? Optional.empty() : words.name();
    if (!words.skip("on")) {
      return Optional.empty();
    }
    words.skip("only");
    Optional<List<String>> table = words.name();
    String method = words.skip("using") ? words.take().text() : "btree";
    if (table.isEmpty() || !words.next().is("(")) {
      return Optional.empty();
    }
    List<Element> elements = new ArrayList<>();
    for (SqlWords element : parts(words.inBrackets())) {
      elements.add(element(element));
    }
    List<String> include = new ArrayList<>();
    if (words.skip("include") && words.next().is("(")) {
      for (SqlWords column : parts(words.inBrackets())) {
        include.add(column.take().text());
      }
    }
    words.until("where", ";");
    Optional<String> where = words.skip("where") ? Optional.of(words.rest()) : Optional.empty();
    return Optional.of(
        new CreateIndex(name, unique, concurrently, table.get(), method, elements, include, where));
  }

  private static Element element(SqlWords words) {
    Optional<String> column = Optional.empty();
    String expression;
    if (words.next().is("(")) {
      expression = words.inBrackets();
    } else {
      List<String> name = words.name().orElse(List.of(""));
      if (words.next().is("(")) {
        expression = quoted(name) + "(" + words.inBrackets() + ")";
      } else {
        column = Optional.of(name.get(name.size() - 1));
        expression = TableName.quote(column.get());
      }
    }
    boolean operators = false;
    while (!words.atEnd()) {
      if (words.skip("collate")) {
        words.name();
      } else if (words.skip("nulls")) {
        words.take();
      } else {
        String word = words.take().text();
        operators |= !word.equals("asc") && !word.equals("desc");
      }
    }
    return new Element(column, expression, operators);
  }

  /** What stands between the commas of a list. */
  private static List<SqlWords> parts(String list) {
    return SqlWords.listed(list).stream()
        .filter(part -> !part.isEmpty())
        .map(SqlWords::of)
        .toList();
  }

  private static Optional<AlterTable> alterTable(SqlWords words) {
    words.skip("if", "exists");
    boolean only = words.skip("only");
    Optional<List<String>> table = words.name();
    if (table.isEmpty()) {
      return Optional.empty();
    }
    words.skip("*");
    List<AddColumn> adds = new ArrayList<>();
    List<DropColumn> drops = new ArrayList<>();
    do {
      if (words.skip("add")) {
        boolean column = words.skip("column");
        if (column || !CONSTRAINTS.contains(words.next().text())) {
          words.skip("if", "not", "exists");
          String name = words.take().text();
          adds.add(new AddColumn(name, words.until(",", ";")));
        }
      } else if (words.skip("drop")) {
        boolean column = words.skip("column");
        if (column || !words.next().is("constraint")) {
          words.skip("if", "exists");
          drops.add(new DropColumn(words.take().text()));
        }
      }
      words.until(",", ";");
    } while (words.skip(","));
    return Optional.of(new AlterTable(table.get(), only, adds, drops));
  }

  private static Optional<DropRelation> drop(SqlWords words) {
    Optional<Character> kind = kind(words);
    if (kind.isEmpty()) {
      return Optional.empty();
    }
    boolean concurrently = words.skip("concurrently");
    words.skip("if", "exists");
    List<List<String>> names = new ArrayList<>();
    do {
      words.name().ifPresent(names::add);
    } while (words.skip(","));
    return Optional.of(new DropRelation(kind.get(), concurrently, names));
  }
}
