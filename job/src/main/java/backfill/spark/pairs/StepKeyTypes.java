package backfill.spark.pairs;

import backfill.plan.IntoPairs;
import backfill.plan.Step;
import backfill.postgres.catalog.Column;
import backfill.postgres.catalog.KeyType;
import backfill.postgres.snapshot.KeyShape;
import backfill.postgres.write.Target;
import backfill.spark.read.KeptSources;
import backfill.spark.read.KeySpace;
import backfill.spark.read.StoredKeys;
import backfill.spark.read.TypePair;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Of which types a step's keys are. The target says it of objects and users; of groups the sources
 * do, and where all of them are views, Spark.
 *
 * @param levels integers or texts, for a step that has them
 */
record StepKeyTypes(
    StoredKeys objects, StoredKeys groups, StoredKeys users, PairKey row, KeyType levels)
    implements Serializable {
  private static final Pattern VARCHAR = Pattern.compile("character varying\\((\\d+)\\)");

  static StepKeyTypes of(Step.Pairs step, Target target, KeptSources sources) {
    return new StepKeyTypes(
        inTarget(target, step.into(), step.into().object()),
        StoredKeys.asNamed(groups(step, sources)),
        inTarget(target, step.into(), step.into().user()),
        PairKey.of(step.into()),
        step.grants().levels().numbers() ? KeyType.INTEGER : KeyType.TEXT);
  }

  private static StoredKeys inTarget(Target target, IntoPairs into, List<String> names) {
    List<Column> columns =
        names.stream().map(name -> target.table().column(name).orElseThrow()).toList();
    return new StoredKeys(
        new KeyShape(
            columns.stream().map(column -> KeyType.of(column).orElseThrow()).toList(),
            PairKey.order(into, names)),
        columns.stream().map(StepKeyTypes::characters).toList());
  }

  private static int characters(Column column) {
    Matcher bounded = VARCHAR.matcher(column.storedType());
    return bounded.matches() ? Integer.parseInt(bounded.group(1)) : Integer.MAX_VALUE;
  }

  private static KeyShape groups(Step.Pairs step, KeptSources sources) {
    Map<String, List<String>> columns = new HashMap<>();
    step.through().forEach(grant -> columns.put(grant.from(), grant.grantee()));
    step.members().forEach(member -> columns.put(member.from(), member.group()));
    step.nested().forEach(edges -> columns.putIfAbsent(edges.from(), edges.parent()));
    int width = columns.values().stream().mapToInt(List::size).max().orElse(1);
    List<KeyType> types = new ArrayList<>();
    for (int place = 0; place < width; place++) {
      Map<String, String> each = new HashMap<>();
      for (Map.Entry<String, List<String>> names : columns.entrySet()) {
        each.put(names.getKey(), names.getValue().get(place));
      }
      types.add(group(each, sources));
    }
    return KeyShape.of(types);
  }

  /**
   * @param columns source or view to the column
   */
  private static KeyType group(Map<String, String> columns, KeptSources sources) {
    return columns.entrySet().stream()
        .flatMap(column -> sources.keyType(column.getKey(), column.getValue()).stream())
        .findFirst()
        .orElseGet(
            () ->
                columns.entrySet().stream()
                        .anyMatch(column -> sources.hasTexts(column.getKey(), column.getValue()))
                    ? KeyType.TEXT
                    : KeyType.INTEGER);
  }

  KeyShape of(KeySpace space) {
    return stored(space).shape();
  }

  StoredKeys stored(KeySpace space) {
    return switch (space) {
      case OBJECTS -> objects;
      case GROUPS -> groups;
      case USERS -> users;
    };
  }

  /** As sources name them. */
  TypePair of(KeySpace keys, KeySpace members) {
    return of(keys, members, false);
  }

  /** Of pairs with a level, too, or without. */
  TypePair of(KeySpace keys, KeySpace members, boolean leveled) {
    return new TypePair(of(keys).asNamed(), of(members).asNamed(), leveled ? levels : null);
  }
}
