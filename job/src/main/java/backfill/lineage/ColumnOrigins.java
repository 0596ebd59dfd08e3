package backfill.lineage;

import backfill.plan.GrantSources;
import backfill.plan.Step;
import backfill.postgres.server.DatasetName;
import io.openlineage.client.OpenLineage;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Which columns of sources the columns of a table of pairs come from: the keys as they are, the
 * level as the one that counts of several; what only decides which pairs there are, as a group
 * does, is indirect. A query's columns are not looked into, nor those of a view.
 */
final class ColumnOrigins {
  private final OpenLineage events;
  private final Map<String, DatasetName> sources;
  private final Map<String, List<OpenLineage.InputField>> fields = new LinkedHashMap<>();
  private final List<OpenLineage.InputField> deciding = new ArrayList<>();

  /**
   * @param sources name to table; a view has none
   */
  ColumnOrigins(OpenLineage events, Map<String, DatasetName> sources) {
    this.events = events;
    this.sources = sources;
  }

  /** Of the steps that write one table; empty where none of them says so. */
  Optional<OpenLineage.ColumnLineageDatasetFacet> of(List<Step> steps) {
    for (Step step : steps) {
      if (step instanceof Step.Pairs pairs) {
        add(pairs);
      }
    }
    if (fields.isEmpty()) {
      return Optional.empty();
    }
    OpenLineage.ColumnLineageDatasetFacetFieldsBuilder all =
        events.newColumnLineageDatasetFacetFieldsBuilder();
    fields.forEach(
        (column, inputs) ->
            all.put(
                column,
                events
                    .newColumnLineageDatasetFacetFieldsAdditionalBuilder()
                    .inputFields(inputs)
                    .build()));
    return Optional.of(
        events.newColumnLineageDatasetFacetBuilder().fields(all.build()).dataset(deciding).build());
  }

  private void add(Step.Pairs pairs) {
    List<String> objects = pairs.into().object();
    List<String> users = pairs.into().user();
    for (GrantSources.Grant grant : pairs.direct()) {
      come(grant.from(), grant.object(), objects);
      come(grant.from(), grant.grantee(), users);
    }
    for (GrantSources.Grant grant : pairs.through()) {
      come(grant.from(), grant.object(), objects);
      decide(grant.from(), grant.grantee());
    }
    for (GrantSources.Membership membership : pairs.members()) {
      come(membership.from(), membership.user(), users);
      decide(membership.from(), membership.group());
    }
    for (GrantSources.Nested nested : pairs.nested()) {
      decide(nested.from(), nested.parent());
      decide(nested.from(), nested.child());
    }
    for (GrantSources.Nested nested : pairs.objects()) {
      come(nested.from(), nested.child(), objects);
      decide(nested.from(), nested.parent());
    }
    pairs.leaves().ifPresent(leaves -> decide(leaves.from(), leaves.object()));
    pairs
        .into()
        .level()
        .ifPresent(
            level ->
                pairs
                    .grants()
                    .leveled()
                    .forEach(each -> come(each.from(), each.column(), level, "AGGREGATION")));
  }

  private void come(String from, List<String> columns, List<String> into) {
    for (int i = 0; i < columns.size(); i++) {
      come(from, columns.get(i), into.get(i), "IDENTITY");
    }
  }

  private void come(String from, String column, String into, String how) {
    input(from, column, "DIRECT", how)
        .ifPresent(input -> fields.computeIfAbsent(into, any -> new ArrayList<>()).add(input));
  }

  private void decide(String from, List<String> columns) {
    columns.forEach(column -> input(from, column, "INDIRECT", "JOIN").ifPresent(deciding::add));
  }

  private Optional<OpenLineage.InputField> input(
      String from, String column, String type, String how) {
    return Optional.ofNullable(sources.get(from))
        .map(
            name ->
                events
                    .newInputFieldBuilder()
                    .namespace(name.namespace())
                    .name(name.name())
                    .field(column)
                    .transformations(
                        List.of(
                            events
                                .newInputFieldTransformationsBuilder()
                                .type(type)
                                .subtype(how)
                                .build()))
                    .build());
  }
}
