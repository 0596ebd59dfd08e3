package backfill.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Airflow's REST API, asked as anybody who schedules a run there does. */
public final class TestingAirflowApi {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String DAG = "/dags/backfill";

  /** 2 would be asked for first, and Airflow's server takes that for the whole request. */
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private final URI server;
  private String token;

  TestingAirflowApi(int port) {
    server = URI.create("http://127.0.0.1:" + port);
  }

  /** Whether it answers, and has read the DAG. */
  boolean ready() throws Exception {
    try {
      if (token == null) {
        token = send("GET", "/auth/token", null).path("access_token").textValue();
      }
      return get(DAG).path("dag_id").isTextual();
    } catch (ConnectException | Refused e) {
      return false;
    }
  }

  /** Makes or replaces a connection. */
  public void connection(String id, Map<String, Object> fields) throws Exception {
    Map<String, Object> connection = new TreeMap<>(fields);
    connection.put("connection_id", id);
    connection.put("conn_type", "generic");
    try {
      post("/connections", connection);
    } catch (Refused e) {
      send("PATCH", "/api/v2/connections/" + id, connection);
    }
  }

  /** Asks for a run of the DAG with these parameters. */
  public void trigger(String run, Map<String, Object> params) throws Exception {
    Map<String, Object> body = new HashMap<>();
    body.put("dag_run_id", run);
    body.put("logical_date", null);
    body.put("conf", params);
    post(DAG + "/dagRuns", body);
  }

  /** The state of a whole run, as in {@code queued}. */
  public String state(String run) throws Exception {
    return get(DAG + "/dagRuns/" + run).path("state").asText();
  }

  /** A task of a run; missing while the run is queued. */
  public JsonNode task(String run, String task) throws Exception {
    for (JsonNode one : get(DAG + "/dagRuns/" + run + "/taskInstances").path("task_instances")) {
      if (one.path("task_id").asText().equals(task)) {
        return one;
      }
    }
    return MissingNode.getInstance();
  }

  /** What a task returned; missing where it did not. */
  public JsonNode returned(String run, String task) throws Exception {
    return get(DAG + "/dagRuns/" + run + "/taskInstances/" + task + "/xcomEntries/return_value")
        .path("value");
  }

  /** The log of one attempt, from 1; empty before it has begun. */
  public String log(String run, String task, int attempt) throws Exception {
    if (!task(run, task).path("state").isTextual()) {
      return "";
    }
    return get(DAG + "/dagRuns/" + run + "/taskInstances/" + task + "/logs/" + attempt).toString();
  }

  /** What the person who is asked is shown. */
  public JsonNode question(String run) throws Exception {
    return get(DAG + "/dagRuns/" + run + "/hitlDetails").path("hitl_details").path(0);
  }

  public void answer(String run, String option) throws Exception {
    send(
        "PATCH",
        "/api/v2" + DAG + "/dagRuns/" + run + "/taskInstances/approval/-1/hitlDetails",
        Map.of("chosen_options", new String[] {option}, "params_input", Map.of()));
  }

  /** Ends a task, as somebody does who has seen enough. */
  public void markFailed(String run, String task) throws Exception {
    send(
        "PATCH",
        "/api/v2" + DAG + "/dagRuns/" + run + "/taskInstances/" + task,
        Map.of("new_state", "failed"));
  }

  /** Lets a task and those behind it run again. */
  public void clear(String run, String task) throws Exception {
    post(
        DAG + "/clearTaskInstances",
        Map.of(
            "dag_run_id", run,
            "task_ids", List.of(task),
            "include_downstream", true,
            "only_failed", false,
            "dry_run", false));
  }

  /** Ends a run that a failed test left. */
  public void giveUp(String run) throws Exception {
    send("PATCH", "/api/v2" + DAG + "/dagRuns/" + run, Map.of("state", "failed"));
  }

  private JsonNode get(String path) throws Exception {
    return send("GET", "/api/v2" + path, null);
  }

  private void post(String path, Map<String, Object> body) throws Exception {
    send("POST", "/api/v2" + path, body);
  }

  private JsonNode send(String method, String path, Object body) throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(server.resolve(path))
            .header("Content-Type", "application/json")
            .header("Accept", "application/json")
            .method(
                method,
                body == null
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofString(JSON.writeValueAsString(body)));
    if (token != null) {
      request.header("Authorization", "Bearer " + token);
    }
    HttpResponse<String> response =
        client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    if (response.statusCode() >= 300) {
      throw new Refused(method + " " + path + ": " + response.statusCode() + " " + response.body());
    }
    return JSON.readTree(response.body());
  }

  /** An answer that is not the one that was asked for. */
  static final class Refused extends IOException {
    private static final long serialVersionUID = 1L;

    Refused(String message) {
      super(message);
    }
  }
}
