package backfill.spark.pairs;

import backfill.plan.GrantSources;
import backfill.plan.Step;
import backfill.postgres.catalog.Column;
import backfill.postgres.catalog.KeyType;
import backfill.postgres.write.Target;
import backfill.spark.read.KeptSources;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A table of pairs that an earlier step makes, as the sources have its keys: what is counted before
 * it is there must know of which types they are. Where all sources are views, Spark tells.
 */
final class TargetToCome {
  private static final String WIDEST = "bigint";

  private final KeptSources sources;

  /** The target's column to those whose keys go into it. */
  private final Map<String, List<Named>> named = new HashMap<>();

  /** A column of a source or of a view. */
  private record Named(String from, String column) {}

  private TargetToCome(KeptSources sources) {
    this.sources = sources;
  }

  /** The target itself where it is there. */
  static Target typed(Target target, Step.Pairs step, KeptSources sources) {
    if (!target.table().isPending()) {
      return target;
    }
    TargetToCome types = new TargetToCome(sources);
    List<String> object = step.into().object();
    List<String> user = step.into().user();
    for (GrantSources.Grant grant : step.direct()) {
      types.add(object, grant.from(), grant.object());
      types.add(user, grant.from(), grant.grantee());
    }
    step.through().forEach(grant -> types.add(object, grant.from(), grant.object()));
    step.objects().forEach(edges -> types.add(object, edges.from(), edges.child()));
    step.members().forEach(member -> types.add(user, member.from(), member.user()));
    return Target.pending(
        target
            .table()
            .showing(
                step.key().stream()
                    .map(name -> types.column(name, types.named.getOrDefault(name, List.of())))
                    .toList()),
        step.key());
  }

  private void add(List<String> into, String from, List<String> columns) {
    for (int place = 0; place < into.size(); place++) {
      named
          .computeIfAbsent(into.get(place), column -> new ArrayList<>())
          .add(new Named(from, columns.get(place)));
    }
  }

  private Column column(String name, List<Named> given) {
    KeyType key = type(given);
    String type = key == KeyType.INTEGER ? WIDEST : key.element();
    return new Column(
        name,
        new Column.Type(type, type, type, 'b', true, Optional.empty(), Optional.empty()),
        true,
        Column.Filling.NONE,
        Column.Form.NATURAL);
  }

  private KeyType type(List<Named> given) {
    return given.stream()
        .flatMap(each -> sources.keyType(each.from(), each.column()).stream())
        .findFirst()
        .orElseGet(
            () ->
                given.stream().anyMatch(each -> sources.hasTexts(each.from(), each.column()))
                    ? KeyType.TEXT
                    : KeyType.INTEGER);
  }
}
