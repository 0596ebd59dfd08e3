package backfill.postgres.preflight;

import backfill.plan.GrantSources;
import backfill.plan.Step;
import backfill.postgres.catalog.Column;
import backfill.postgres.catalog.Findings;
import backfill.postgres.catalog.KeyType;
import backfill.postgres.catalog.Table;
import backfill.postgres.server.TableName;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Whether the keys of a step of pairs can be compared: the columns that name its objects are of one
 * {@link KeyType}, each of several with those of its place, as are those of its users and those of
 * its groups, and an integer of a source or a view is no wider than the target's. A key is never
 * converted: what is cut or read as something else would give access to another user.
 */
public final class PairTypes {
  /** Columns whose text may name a text or a uuid; the text of any other type is a print of it. */
  private static final List<String> TEXTS = List.of("text", "character varying", "uuid");

  /** A column of NULLs alone, which is of any type. */
  private static final String NULLS = "void";

  private final String place;
  private final Map<String, Table> sources;
  private final Shapes shapes;
  private final Findings findings;

  /** The first column of those that must agree; it is the target's where that has one. */
  private static final class Agreed {
    private Table table;
    private Column column;
    private KeyType type;
    private String view;
    private boolean target;

    boolean isKnown() {
      return type != null;
    }

    boolean isUuid() {
      return type == KeyType.UUID;
    }

    /** Whether an integer of the engine's type may not fit; groups are compared, and any fits. */
    boolean isNarrower(String engine) {
      return target && IntegerWidth.isWider(engine, column);
    }

    @Override
    public String toString() {
      return column == null ? view : table.name() + "." + column.name() + " is " + column.type();
    }
  }

  public PairTypes(String place, Map<String, Table> sources, Shapes shapes, Findings findings) {
    this.place = place;
    this.sources = sources;
    this.shapes = shapes;
    this.findings = findings;
  }

  public void check(Step.Pairs step, Table target) {
    List<Agreed> objects = inTarget(target, step.into().object());
    List<Agreed> users = inTarget(target, step.into().user());
    List<Agreed> groups =
        Stream.concat(
                step.through().stream().map(GrantSources.Grant::grantee),
                step.members().stream().map(GrantSources.Membership::group))
            .max(Comparator.comparingInt(List::size))
            .map(columns -> columns.stream().map(column -> new Agreed()).toList())
            .orElse(List.of());
    // Tables before views: these have no type of their own that a uuid would be told by.
    for (boolean views : new boolean[] {false, true}) {
      for (GrantSources.Grant grant : step.direct()) {
        source(views, grant.from(), grant.object(), objects);
        source(views, grant.from(), grant.grantee(), users);
      }
      for (GrantSources.Grant grant : step.through()) {
        source(views, grant.from(), grant.object(), objects);
        source(views, grant.from(), grant.grantee(), groups);
      }
      for (GrantSources.Membership member : step.members()) {
        source(views, member.from(), member.group(), groups);
        source(views, member.from(), member.user(), users);
      }
      for (GrantSources.Nested edges : step.nested()) {
        source(views, edges.from(), edges.parent(), groups);
        source(views, edges.from(), edges.child(), groups);
      }
      for (GrantSources.Nested edges : step.objects()) {
        source(views, edges.from(), edges.parent(), objects);
        source(views, edges.from(), edges.child(), objects);
      }
    }
    fits(step, target, objects, users);
    new LevelTypes(step, target, sources, shapes, findings).check();
  }

  /** What the columns of a key must agree with, each with the target's. */
  private List<Agreed> inTarget(Table target, List<String> names) {
    List<Agreed> columns = new ArrayList<>();
    for (String name : names) {
      Agreed with = new Agreed();
      target.column(name).ifPresent(column -> agree(target, column, with));
      with.target = with.isKnown();
      columns.add(with);
    }
    return columns;
  }

  private void source(boolean view, String from, List<String> names, List<Agreed> with) {
    for (int place = 0; place < names.size(); place++) {
      source(view, from, names.get(place), with.get(place));
    }
  }

  private void source(boolean view, String from, String name, Agreed with) {
    if (view) {
      view(from, name, with);
    } else if (SourceCheck.has(place, sources, from, name, findings)) {
      Table table = sources.get(from);
      agree(table, table.column(name).orElseThrow(), with);
    }
  }

  private void view(String from, String name, Agreed with) {
    GivenType given = shapes.given().getOrDefault(from, Map.of()).get(name);
    if (given == null || given.engine().equals(NULLS)) {
      return;
    }
    Optional<KeyType> type = typeOf(given);
    if (type.isEmpty()) {
      refuseView(
          from,
          name,
          given,
          "a key is an integer, a uuid or a text, and is never converted on its way; give the column that holds the key");
    } else if (!with.isKnown()) {
      with.view = "view %s gives %s as %s".formatted(from, name, given);
      with.type = type.get();
    } else if (type.get() != with.type && !(type.get() == KeyType.TEXT && with.isUuid())) {
      refuseView(from, name, given, with + "; give it as " + inWords(with.type));
    } else if (type.get() == KeyType.INTEGER && with.isNarrower(given.engine())) {
      refuseView(
          from,
          name,
          given,
          "%s, which is narrower; CAST it AS %s, which fails where a value does not fit"
              .formatted(with, IntegerWidth.engine(with.column).toUpperCase(Locale.ROOT)));
    }
  }

  private void refuseView(String from, String name, GivenType given, String why) {
    findings.refuse(place, "view %s gives %s as %s, and %s".formatted(from, name, given, why));
  }

  private static String inWords(KeyType type) {
    return type == KeyType.INTEGER ? "an integer" : "a text";
  }

  /** Of the values that a view gives; empty where they are no keys. */
  private static Optional<KeyType> typeOf(GivenType given) {
    if (IntegerWidth.isInteger(given.engine())) {
      return Optional.of(KeyType.INTEGER);
    }
    boolean text =
        given.engine().equals("string")
            && given
                .origin()
                .map(
                    origin ->
                        TEXTS.contains(origin.castType()) && origin.looseCollation().isEmpty())
                .orElse(true);
    return text ? Optional.of(KeyType.TEXT) : Optional.empty();
  }

  private void agree(Table table, Column column, Agreed with) {
    Optional<KeyType> type = keyType(table, column);
    if (type.isEmpty()) {
      return;
    }
    if (!with.isKnown()) {
      with.table = table;
      with.column = column;
      with.type = type.get();
    } else if (with.type != type.get()) {
      findings.refuse(
          place,
          "%s.%s is %s, and %s: no key of the one is one of the other; make both integers, both uuid or both text"
              .formatted(table.name(), column.name(), column.type(), with));
    }
  }

  private Optional<KeyType> keyType(Table table, Column column) {
    Optional<KeyType> type = KeyType.of(column);
    if (type.isEmpty()) {
      findings.refuse(
          place,
          "%s.%s is %s, and pairs are of smallint, integer, bigint, uuid, text or varchar; name a column of such a type"
              .formatted(table.name(), column.name(), column.type()));
    } else if (column.looseCollation().isPresent()) {
      findings.refuse(
          place,
          "%s.%s has the collation %s, for which different texts are the same key; ALTER TABLE %s ALTER COLUMN %s TYPE %s COLLATE a deterministic one"
              .formatted(
                  table.name(),
                  column.name(),
                  column.looseCollation().get().quoted(),
                  table.name().quoted(),
                  TableName.quote(column.name()),
                  column.type()));
    }
    return type;
  }

  private void fits(Step.Pairs step, Table target, List<Agreed> objects, List<Agreed> users) {
    for (GrantSources.Grant grant : step.direct()) {
      fits(grant.from(), grant.object(), target, objects);
      fits(grant.from(), grant.grantee(), target, users);
    }
    for (GrantSources.Grant grant : step.through()) {
      fits(grant.from(), grant.object(), target, objects);
    }
    for (GrantSources.Nested edges : step.objects()) {
      fits(edges.from(), edges.child(), target, objects);
    }
    for (GrantSources.Membership member : step.members()) {
      fits(member.from(), member.user(), target, users);
    }
  }

  private void fits(String from, List<String> names, Table target, List<Agreed> into) {
    for (int place = 0; place < names.size(); place++) {
      fits(from, names.get(place), target, into.get(place));
    }
  }

  /** A group is compared with groups alone, and two integers compare whatever their width. */
  private void fits(String from, String name, Table target, Agreed into) {
    if (into.table != target || into.type != KeyType.INTEGER || !sources.containsKey(from)) {
      return;
    }
    Table table = sources.get(from);
    table
        .column(name)
        .filter(column -> IntegerWidth.isWider(column, into.column))
        .ifPresent(
            column ->
                findings.refuse(place, IntegerWidth.refusal(table, column, target, into.column)));
  }
}
