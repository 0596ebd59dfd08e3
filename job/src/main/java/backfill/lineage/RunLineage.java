package backfill.lineage;

import backfill.plan.Step;
import backfill.report.Report;
import backfill.report.RunListener;
import backfill.report.Version;
import backfill.spark.engine.Session;
import backfill.spark.query.QueryOrigins;
import io.openlineage.client.OpenLineage;
import io.openlineage.client.OpenLineage.RunEvent.EventType;
import java.net.URI;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * Tells of a run in OpenLineage's events: START once preflight knows the tables, then COMPLETE,
 * FAIL or, where it was stopped, ABORT. Used by the run's own thread, which waits for nothing but,
 * at its end, a few seconds for what is still on its way.
 */
public final class RunLineage implements RunListener {
  /** A name for what made an event: there is no page of ours to point to. */
  static final URI PRODUCER = URI.create("urn:backfill:" + Version.number());

  private static final long PATIENCE_SECONDS = 10;

  /** Of a run that was asked to stop, and is to be gone soon. */
  private static final long SHORT_SECONDS = 1;

  private final OpenLineage events = new OpenLineage(PRODUCER);
  private final EventSender sender;
  private final String namespace;
  private final Session session;
  private RunTables tables;
  private boolean started;

  /**
   * @param to where the events go
   * @param session that says what the plan's queries mean
   */
  public RunLineage(LineageTarget to, Session session) {
    this.sender = new EventSender(to);
    this.namespace = to.namespace();
    this.session = session;
  }

  @Override
  public void planned(Begun begun) {
    tables = new RunTables(events, begun, queries(begun));
    start(begun.report());
  }

  /** What only counts, sets or drops has no query, and may have no engine. */
  private Map<String, QueryOrigins> queries(Begun begun) {
    return Step.fills(begun.steps()).isEmpty()
        ? Map.of()
        : QueryOrigins.of(session.get(), begun.plan(), begun.ready().sources());
  }

  private void start(Report report) {
    started = true;
    sender.send(event(EventType.START, report, Instant.parse(report.timing().startedAt())));
  }

  @Override
  public void ended(Report report, Consumer<String> warn) {
    if (!started) {
      start(report);
    }
    EventType how =
        report.stopped()
            ? EventType.ABORT
            : report.outcome().error() == null ? EventType.COMPLETE : EventType.FAIL;
    sender.send(event(how, report, Instant.now()));
    sender.end(report.stopped() ? SHORT_SECONDS : PATIENCE_SECONDS, warn);
  }

  private OpenLineage.RunEvent event(EventType type, Report report, Instant at) {
    OpenLineage.RunEventBuilder event =
        events
            .newRunEventBuilder()
            .eventType(type)
            .eventTime(at.atZone(ZoneOffset.UTC))
            .run(events.newRun(UUID.fromString(report.about().runId()), facets(type, report)))
            .job(job(report.about().plan().name()));
    if (tables != null) {
      boolean over = type != EventType.START;
      event.inputs(tables.inputs(report, over)).outputs(tables.outputs(report, over));
    }
    return event.build();
  }

  private OpenLineage.Job job(String plan) {
    return events
        .newJobBuilder()
        .namespace(namespace)
        .name(plan)
        .facets(
            events
                .newJobFacetsBuilder()
                .jobType(
                    events
                        .newJobTypeJobFacetBuilder()
                        .processingType("BATCH")
                        .integration("BACKFILL")
                        .jobType("PLAN")
                        .build())
                .build())
        .build();
  }

  private OpenLineage.RunFacets facets(EventType type, Report report) {
    OpenLineage.RunFacetsBuilder facets =
        events
            .newRunFacetsBuilder()
            .processing_engine(
                events
                    .newProcessingEngineRunFacetBuilder()
                    .name("backfill")
                    .version(Version.number())
                    .build());
    Report.Failure error = report.outcome().error();
    if (type == EventType.FAIL && error != null) {
      facets.errorMessage(
          events
              .newErrorMessageRunFacetBuilder()
              .message(error.message())
              .programmingLanguage("Java")
              .build());
    }
    return facets.build();
  }

  @Override
  public String toString() {
    return "what tells OpenLineage of it";
  }
}
