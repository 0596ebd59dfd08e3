package backfill.lineage;

import backfill.plan.Plan;
import backfill.plan.Step;
import backfill.postgres.catalog.Table;
import backfill.postgres.server.DatasetName;
import backfill.report.Report;
import backfill.report.RunListener.Begun;
import backfill.report.StepReport;
import backfill.spark.query.QueryOrigins;
import io.openlineage.client.OpenLineage;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * The tables of a run as OpenLineage's datasets: those that are read, and those that are written.
 */
final class RunTables {
  private final OpenLineage events;
  private final Begun begun;
  private final Map<String, QueryOrigins> queries;
  private final Map<String, DatasetName> sources = new LinkedHashMap<>();

  /**
   * @param queries what is known of the columns of views and of steps of rows
   */
  RunTables(OpenLineage events, Begun begun, Map<String, QueryOrigins> queries) {
    this.events = events;
    this.begun = begun;
    this.queries = queries;
    for (Step step : begun.steps()) {
      for (String source : begun.plan().sourcesOf(step)) {
        table(source).ifPresent(table -> sources.put(source, name(source, table)));
      }
    }
  }

  /** None where an earlier step still has to make it. */
  private Optional<Table> table(String source) {
    return Optional.ofNullable(begun.ready().sources().get(source));
  }

  private DatasetName name(String source, Table table) {
    return DatasetName.of(
        begun.databases().named().get(begun.plan().sources().get(source).database()), table.name());
  }

  /**
   * @param over whether the run is, so that it is known how many rows were read
   */
  List<OpenLineage.InputDataset> inputs(Report report, boolean over) {
    Map<DatasetName, OpenLineage.InputDataset> inputs = new LinkedHashMap<>();
    sources.forEach(
        (source, name) -> {
          OpenLineage.InputDatasetBuilder input =
              events
                  .newInputDatasetBuilder()
                  .namespace(name.namespace())
                  .name(name.name())
                  .facets(
                      events
                          .newDatasetFacetsBuilder()
                          .schema(schema(table(source).orElseThrow()))
                          .build());
          rowsRead(report, source)
              .filter(rows -> over)
              .ifPresent(
                  rows ->
                      input.inputFacets(
                          events
                              .newInputDatasetInputFacetsBuilder()
                              .inputStatistics(
                                  events
                                      .newInputStatisticsInputDatasetFacetBuilder()
                                      .rowCount(rows)
                                      .build())
                              .build()));
          inputs.putIfAbsent(name, input.build());
        });
    return List.copyOf(inputs.values());
  }

  /** Of steps that share a snapshot each has the same number. */
  private static Optional<Long> rowsRead(Report report, String source) {
    return report.steps().stream()
        .map(step -> step.read().rows().get(source))
        .filter(Objects::nonNull)
        .max(Long::compare);
  }

  /**
   * @param over whether the run is, so that it is known how many rows were written
   */
  List<OpenLineage.OutputDataset> outputs(Report report, boolean over) {
    Map<DatasetName, List<Step>> writing = new LinkedHashMap<>();
    Map<DatasetName, Table> tables = new LinkedHashMap<>();
    for (Step step : begun.steps()) {
      target(step)
          .ifPresent(
              table -> {
                DatasetName name =
                    DatasetName.of(begun.databases().named().get(Plan.MAIN), table.name());
                writing.computeIfAbsent(name, any -> new ArrayList<>()).add(step);
                tables.put(name, table);
              });
    }
    List<OpenLineage.OutputDataset> outputs = new ArrayList<>();
    writing.forEach(
        (name, steps) -> {
          OpenLineage.OutputDatasetBuilder output =
              events
                  .newOutputDatasetBuilder()
                  .namespace(name.namespace())
                  .name(name.name())
                  .facets(facets(tables.get(name), steps));
          if (over) {
            output.outputFacets(
                events
                    .newOutputDatasetOutputFacetsBuilder()
                    .outputStatistics(
                        events
                            .newOutputStatisticsOutputDatasetFacetBuilder()
                            .rowCount(rowsWritten(report, steps))
                            .build())
                    .build());
          }
          outputs.add(output.build());
        });
    return outputs;
  }

  private OpenLineage.DatasetFacets facets(Table table, List<Step> steps) {
    OpenLineage.DatasetFacetsBuilder facets =
        events.newDatasetFacetsBuilder().schema(schema(table));
    new ColumnOrigins(events, sources, queries).of(steps).ifPresent(facets::columnLineage);
    return facets.build();
  }

  private Optional<Table> target(Step step) {
    return step instanceof Step.Fill
        ? Optional.ofNullable(begun.ready().targets().get(step.name())).map(found -> found.table())
        : step instanceof Step.InPlace
            ? Optional.ofNullable(begun.changes().tables().get(step.name()))
            : Optional.empty();
  }

  private static long rowsWritten(Report report, List<Step> steps) {
    return report.steps().stream()
        .filter(step -> steps.contains(step.step()))
        .map(StepReport::knownWritten)
        .filter(Objects::nonNull)
        .mapToLong(Long::longValue)
        .sum();
  }

  private OpenLineage.SchemaDatasetFacet schema(Table table) {
    return events.newSchemaDatasetFacet(
        table.columns().stream()
            .map(
                column ->
                    events
                        .newSchemaDatasetFacetFieldsBuilder()
                        .name(column.name())
                        .type(column.of().name())
                        .build())
            .toList());
  }
}
