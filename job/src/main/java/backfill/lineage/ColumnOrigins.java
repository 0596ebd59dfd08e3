package backfill.lineage;

import backfill.plan.GrantSources;
import backfill.plan.Step;
import backfill.postgres.server.DatasetName;
import backfill.spark.query.Origin;
import backfill.spark.query.Origin.How;
import backfill.spark.query.QueryOrigins;
import io.openlineage.client.OpenLineage;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which columns of sources the columns of a table come from. Of pairs the keys are as they are, the
 * level is the one that counts of several; what only decides which pairs there are, as a group
 * does, is indirect. Of rows it is what is surely known of their query. A column that more than one
 * step fills is there only if that is known of each.
 */
final class ColumnOrigins {
  private final OpenLineage events;
  private final Map<String, DatasetName> sources;
  private final Map<String, QueryOrigins> queries;
  private final Map<String, Set<Origin>> columns = new LinkedHashMap<>();
  private final Set<String> unknown = new HashSet<>();
  private final Set<Origin> deciding = new TreeSet<>();

  /**
   * @param sources name to table
   * @param queries what is known of views and of steps of rows
   */
  ColumnOrigins(
      OpenLineage events, Map<String, DatasetName> sources, Map<String, QueryOrigins> queries) {
    this.events = events;
    this.sources = sources;
    this.queries = queries;
  }

  /** Of the steps that write one table; empty where none of them says so. */
  Optional<OpenLineage.ColumnLineageDatasetFacet> of(List<Step> steps) {
    for (Step step : steps) {
      if (step instanceof Step.Pairs pairs) {
        add(pairs);
      } else if (step instanceof Step.Rows) {
        QueryOrigins query = queries.get(QueryOrigins.key(step));
        if (query == null) {
          // It could be any column that this one fills.
          return Optional.empty();
        }
        add(query);
      } else if (step instanceof Step.InPlace inPlace) {
        unknown.addAll(inPlace.set().keySet());
      }
    }
    columns.keySet().removeAll(unknown);
    columns.values().removeIf(Set::isEmpty);
    if (columns.isEmpty()) {
      return Optional.empty();
    }
    OpenLineage.ColumnLineageDatasetFacetFieldsBuilder fields =
        events.newColumnLineageDatasetFacetFieldsBuilder();
    columns.forEach(
        (column, origins) ->
            fields.put(
                column,
                events
                    .newColumnLineageDatasetFacetFieldsAdditionalBuilder()
                    .inputFields(inputs(origins))
                    .build()));
    return Optional.of(
        events
            .newColumnLineageDatasetFacetBuilder()
            .fields(fields.build())
            .dataset(inputs(deciding))
            .build());
  }

  private void add(QueryOrigins query) {
    unknown.addAll(query.unknown());
    query.columns().forEach((column, origins) -> come(column, origins));
    deciding.addAll(query.deciding());
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
                    .forEach(each -> come(each.from(), each.column(), level, How.AGGREGATION)));
  }

  private void come(String from, List<String> given, List<String> into) {
    for (int i = 0; i < given.size(); i++) {
      come(from, given.get(i), into.get(i), How.IDENTITY);
    }
  }

  private void come(String from, String given, String into, How how) {
    deciding.addAll(ofView(from).map(QueryOrigins::deciding).orElse(Set.of()));
    origins(from, given, how)
        .ifPresentOrElse(origins -> come(into, origins), () -> unknown.add(into));
  }

  private void come(String into, Set<Origin> origins) {
    columns.computeIfAbsent(into, any -> new TreeSet<>()).addAll(origins);
  }

  private void decide(String from, List<String> by) {
    deciding.addAll(ofView(from).map(QueryOrigins::deciding).orElse(Set.of()));
    by.forEach(column -> origins(from, column, How.JOIN).ifPresent(deciding::addAll));
  }

  private Optional<QueryOrigins> ofView(String from) {
    return sources.containsKey(from) ? Optional.empty() : Optional.ofNullable(queries.get(from));
  }

  /** Of a column of a source, or of a view; empty where it is not known. */
  private Optional<Set<Origin>> origins(String from, String column, How how) {
    if (sources.containsKey(from)) {
      return Optional.of(Set.of(new Origin(from, column, how)));
    }
    return ofView(from)
        .map(view -> view.columns().get(column))
        .map(origins -> Origin.then(origins, how));
  }

  /** One of each column, with all that becomes of it. */
  private List<OpenLineage.InputField> inputs(Set<Origin> origins) {
    Map<List<String>, Set<How>> fields = new LinkedHashMap<>();
    for (Origin origin : origins) {
      DatasetName name = sources.get(origin.source());
      fields
          .computeIfAbsent(
              List.of(name.namespace(), name.name(), origin.column()), any -> new TreeSet<>())
          .add(origin.how());
    }
    List<OpenLineage.InputField> inputs = new ArrayList<>();
    fields.forEach(
        (field, how) ->
            inputs.add(
                events
                    .newInputFieldBuilder()
                    .namespace(field.get(0))
                    .name(field.get(1))
                    .field(field.get(2))
                    .transformations(how.stream().map(this::transformation).toList())
                    .build()));
    return inputs;
  }

  private OpenLineage.InputFieldTransformations transformation(How how) {
    return events
        .newInputFieldTransformationsBuilder()
        .type(how.direct ? "DIRECT" : "INDIRECT")
        .subtype(how.name())
        .build();
  }
}
