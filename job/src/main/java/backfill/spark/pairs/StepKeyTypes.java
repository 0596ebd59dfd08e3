package backfill.spark.pairs;

import backfill.plan.Step;
import backfill.postgres.catalog.Column;
import backfill.postgres.catalog.KeyType;
import backfill.postgres.write.Target;
import backfill.spark.read.KeptSources;
import backfill.spark.read.KeySpace;
import backfill.spark.read.ReadPairs;
import backfill.spark.read.TypePair;
import java.io.Serializable;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.api.java.JavaRDD;

/**
 * Of which types a step's keys are. The target says it of objects and users; of groups the sources
 * do, and where all of them are views, Spark.
 *
 * @param objectCharacters how many a text may have that names an object in the target
 */
record StepKeyTypes(
    KeyType objects, KeyType groups, KeyType users, int objectCharacters, int userCharacters)
    implements Serializable {
  private static final Pattern VARCHAR = Pattern.compile("character varying\\((\\d+)\\)");

  static StepKeyTypes of(Step.Pairs step, Target target, KeptSources sources) {
    return new StepKeyTypes(
        column(target, step.into().object()),
        groups(step, sources),
        column(target, step.into().user()),
        characters(target, step.into().object()),
        characters(target, step.into().user()));
  }

  private static int characters(Target target, String name) {
    Matcher bounded =
        VARCHAR.matcher(target.table().column(name).map(Column::storedType).orElse(""));
    return bounded.matches() ? Integer.parseInt(bounded.group(1)) : Integer.MAX_VALUE;
  }

  /** Pairs as the target would store them. */
  JavaRDD<ReadPairs> stored(JavaRDD<ReadPairs> pairs, KeySpace keys, KeySpace members) {
    int most = characters(keys);
    int mostOfMembers = characters(members);
    return most == Integer.MAX_VALUE && mostOfMembers == Integer.MAX_VALUE
        ? pairs
        : pairs.map(some -> some.cutTo(most, mostOfMembers));
  }

  private int characters(KeySpace space) {
    return switch (space) {
      case OBJECTS -> objectCharacters;
      case GROUPS -> Integer.MAX_VALUE;
      case USERS -> userCharacters;
    };
  }

  private static KeyType column(Target target, String name) {
    return target.table().column(name).flatMap(KeyType::of).orElseThrow();
  }

  private static KeyType groups(Step.Pairs step, KeptSources sources) {
    Map<String, String> columns = new HashMap<>();
    step.through().forEach(grant -> columns.put(grant.from(), grant.grantee()));
    step.members().forEach(member -> columns.put(member.from(), member.group()));
    step.nested().forEach(edges -> columns.putIfAbsent(edges.from(), edges.parent()));
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

  KeyType of(KeySpace space) {
    return switch (space) {
      case OBJECTS -> objects;
      case GROUPS -> groups;
      case USERS -> users;
    };
  }

  TypePair of(KeySpace keys, KeySpace members) {
    return new TypePair(of(keys), of(members));
  }
}
