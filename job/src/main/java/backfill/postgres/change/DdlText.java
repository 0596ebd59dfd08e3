package backfill.postgres.change;

import backfill.plan.sql.SqlLexer;
import backfill.postgres.catalog.TableLock;
import backfill.postgres.change.DdlShape.AddColumn;
import backfill.postgres.change.DdlShape.AlterTable;
import backfill.postgres.change.DdlShape.CreateIndex;
import backfill.postgres.change.DdlShape.DropRelation;
import backfill.postgres.server.SqlWords;
import backfill.postgres.server.TableName;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What a plan's {@code ddl} statement says of itself: not the server's parser, but enough to send
 * it rightly and to know beforehand what it would stumble over.
 */
public final class DdlText {
  private final String sql;
  private final SqlWords words;
  private final DdlShape shape;

  public DdlText(String sql) {
    this.sql = sql;
    this.words = SqlWords.of(sql);
    this.shape = DdlParser.shapeOf(SqlWords.of(sql));
  }

  public DdlShape shape() {
    return shape;
  }

  /** The statement without a semicolon at its end. */
  public String sql() {
    List<SqlWords.Word> all = words.all();
    return all.isEmpty() || !all.get(all.size() - 1).is(";")
        ? sql
        : sql.substring(0, all.get(all.size() - 1).from());
  }

  /** Whether the server refuses it within a transaction. */
  public boolean concurrently() {
    return says("concurrently");
  }

  /** Whether a word, or a name that is not quoted, is among its words. */
  public boolean says(String word) {
    return words.says(word);
  }

  /** Whether a name is among its words, quoted or not, or within a text of code. */
  public boolean mentions(String name) {
    return words.all().stream()
        .anyMatch(
            each ->
                each.isName() && each.text().equals(name)
                    || each.kind() == SqlLexer.Kind.TEXT && occurs(name, each.text()));
  }

  /** In whatever a text is: code within code may have texts of its own. */
  private static boolean occurs(String name, String text) {
    return Pattern.compile("(?i)(?<!\\w)" + Pattern.quote(name) + "(?!\\w)").matcher(text).find();
  }

  /** Whether it is more than one statement. */
  public boolean several() {
    List<SqlWords.Word> all = words.all();
    for (int i = 0; i < all.size() - 1; i++) {
      if (all.get(i).is(";") && !all.get(i + 1).is(";")) {
        return true;
      }
    }
    return false;
  }

  /** The table that it indexes or alters, quoted; empty for other statements. */
  public Optional<String> table() {
    if (shape instanceof CreateIndex index) {
      return Optional.of(quoted(index.table()));
    }
    return shape instanceof AlterTable alter
        ? Optional.of(quoted(alter.table()))
        : Optional.empty();
  }

  public static String quoted(List<String> name) {
    return name.stream().map(TableName::quote).collect(Collectors.joining("."));
  }

  /** The lock that it takes on its table; empty where that is not known. */
  Optional<TableLock> lock() {
    if (shape instanceof CreateIndex index) {
      return Optional.of(index.concurrently() ? TableLock.SHARE_UPDATE_EXCLUSIVE : TableLock.SHARE);
    }
    if (shape instanceof DropRelation drop) {
      return drop.concurrently()
          ? Optional.of(TableLock.SHARE_UPDATE_EXCLUSIVE)
          : drop.kind() == 'i' || drop.kind() == 'r'
              ? Optional.of(TableLock.ACCESS_EXCLUSIVE)
              : Optional.empty();
    }
    return shape instanceof AlterTable && (says("add") || says("drop"))
        ? Optional.of(TableLock.ACCESS_EXCLUSIVE)
        : Optional.empty();
  }

  /**
   * What stands behind the name of a column that it adds, up to the next action: its type first.
   */
  public Optional<String> definitionOf(String column) {
    return shape instanceof AlterTable alter
        ? alter.adds().stream()
            .filter(add -> add.name().equals(column))
            .map(AddColumn::definition)
            .findFirst()
        : Optional.empty();
  }
}
