package backfill.spark;

import backfill.plan.Step;
import backfill.postgres.KeyType;
import backfill.postgres.Target;
import java.io.Serializable;
import java.util.HashMap;
import java.util.Map;

/**
 * Of which types a step's keys are. The target says it of objects and users; of groups the sources
 * do, and where all of them are views, Spark.
 */
record SpaceTypes(KeyType objects, KeyType groups, KeyType users) implements Serializable {

  static SpaceTypes of(Step.Pairs step, Target target, KeptSources sources) {
    return new SpaceTypes(
        column(target, step.into().object()),
        groups(step, sources),
        column(target, step.into().user()));
  }

  private static KeyType column(Target target, String name) {
    return target.table().column(name).flatMap(KeyType::of).orElseThrow();
  }

  private static KeyType groups(Step.Pairs step, KeptSources sources) {
    Map<String, String> columns = new HashMap<>();
    step.through().forEach(grant -> columns.put(grant.from(), grant.grantee()));
    step.members().forEach(member -> columns.put(member.from(), member.group()));
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

  KeyTypes of(KeySpace keys, KeySpace members) {
    return new KeyTypes(of(keys), of(members));
  }
}
