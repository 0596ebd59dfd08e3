package backfill.bench;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.postgresql.copy.CopyIn;
import org.postgresql.copy.CopyManager;
import org.postgresql.copy.CopyOut;
import org.postgresql.core.BaseConnection;

/**
 * What one would write by hand for the packages: a client that asks the main database for the
 * pipelines' ids, carries them to the CI database 10,000 at a time, and passes its rows on
 * unlooked-at into a temporary table of the main one. The tables get their keys once they are
 * filled.
 */
final class PackagesPeer {
  private static final int IDS_PER_QUERY = 10_000;
  private static final int ROWS_PER_FETCH = 10_000;

  /** What is needed of the build infos, as of one moment. */
  private static final String GATHER =
      """
      SET work_mem = '256MB';
      SET maintenance_work_mem = '256MB';
      BEGIN ISOLATION LEVEL REPEATABLE READ;
      CREATE TEMP TABLE newest_infos AS
      SELECT package_id, pipeline_id, count(*)::integer AS build_info_count
      FROM (SELECT package_id, pipeline_id, row_number() OVER (PARTITION BY package_id ORDER BY id DESC) AS place
            FROM packages_build_infos WHERE pipeline_id IS NOT NULL) i
      WHERE place <= 20 GROUP BY package_id, pipeline_id;
      CREATE TEMP TABLE newest_file_infos AS
      SELECT package_file_id, pipeline_id, count(*)::integer AS build_info_count
      FROM (SELECT package_file_id, pipeline_id,
                   row_number() OVER (PARTITION BY package_file_id ORDER BY id DESC) AS place
            FROM packages_package_file_build_infos WHERE pipeline_id IS NOT NULL) i
      WHERE place <= 20 GROUP BY package_file_id, pipeline_id;
      CREATE TEMP TABLE originals AS
      SELECT DISTINCT ON (package_id) package_id, pipeline_id FROM packages_build_infos ORDER BY package_id, id;
      COMMIT;
      CREATE TEMP TABLE pipelines (id bigint, ref text, sha text, status text, user_id bigint);
      """;

  private static final String IDS =
      """
      SELECT pipeline_id FROM newest_infos UNION SELECT pipeline_id FROM newest_file_infos
      UNION SELECT pipeline_id FROM originals WHERE pipeline_id IS NOT NULL ORDER BY 1
      """;

  private static final String FETCH =
      "COPY (SELECT id, ref, sha, status, user_id FROM p_ci_pipelines WHERE id = ANY ('{%s}'::bigint[])) TO STDOUT";

  private static final String WRITE =
      """
      ANALYZE newest_infos, newest_file_infos, originals, pipelines;
      BEGIN;
      CREATE TABLE package_pipelines (
        package_id bigint NOT NULL, pipeline_id bigint NOT NULL, build_info_count integer NOT NULL,
        ref text, sha text, status text, user_id bigint);
      INSERT INTO package_pipelines
      SELECT i.package_id, i.pipeline_id, i.build_info_count, p.ref, p.sha, p.status, u.id
      FROM newest_infos i JOIN pipelines p ON p.id = i.pipeline_id LEFT JOIN users u ON u.id = p.user_id;
      ALTER TABLE package_pipelines ADD PRIMARY KEY (package_id, pipeline_id);
      CREATE TABLE package_file_pipelines (
        package_file_id bigint NOT NULL, pipeline_id bigint NOT NULL, build_info_count integer NOT NULL,
        ref text, sha text, status text, user_id bigint);
      INSERT INTO package_file_pipelines
      SELECT i.package_file_id, i.pipeline_id, i.build_info_count, p.ref, p.sha, p.status, u.id
      FROM newest_file_infos i JOIN pipelines p ON p.id = i.pipeline_id LEFT JOIN users u ON u.id = p.user_id;
      ALTER TABLE package_file_pipelines ADD PRIMARY KEY (package_file_id, pipeline_id);
      CREATE TABLE package_original_pipelines (
        package_id bigint NOT NULL, pipeline_id bigint NOT NULL, ref text, sha text, status text, user_id bigint);
      INSERT INTO package_original_pipelines
      SELECT o.package_id, o.pipeline_id, p.ref, p.sha, p.status, u.id
      FROM originals o JOIN pipelines p ON p.id = o.pipeline_id LEFT JOIN users u ON u.id = p.user_id;
      ALTER TABLE package_original_pipelines ADD PRIMARY KEY (package_id);
      COMMIT;
      """;

  private PackagesPeer() {}

  static void run(Connections connections) throws SQLException {
    Connection main = connections.to(Cases.MAIN);
    execute(main, GATHER);
    List<Long> ids = ids(main);
    for (int from = 0; from < ids.size(); from += IDS_PER_QUERY) {
      List<Long> few = ids.subList(from, Math.min(ids.size(), from + IDS_PER_QUERY));
      carry(few, connections.to(Cases.CI), main);
    }
    execute(main, WRITE);
  }

  private static List<Long> ids(Connection main) throws SQLException {
    List<Long> ids = new ArrayList<>();
    main.setAutoCommit(false); // or the driver would hold the whole answer at once
    try (Statement statement = main.createStatement()) {
      statement.setFetchSize(ROWS_PER_FETCH);
      try (ResultSet rows = statement.executeQuery(IDS)) {
        while (rows.next()) {
          ids.add(rows.getLong(1));
        }
      }
    }
    main.commit();
    main.setAutoCommit(true);
    return ids;
  }

  private static void carry(List<Long> ids, Connection ci, Connection main) throws SQLException {
    StringBuilder array = new StringBuilder();
    for (long id : ids) {
      array.append(array.isEmpty() ? "" : ",").append(id);
    }
    CopyOut from = copies(ci).copyOut(FETCH.formatted(array));
    CopyIn to = copies(main).copyIn("COPY pipelines FROM STDIN");
    for (byte[] row = from.readFromCopy(); row != null; row = from.readFromCopy()) {
      to.writeToCopy(row, 0, row.length);
    }
    to.endCopy();
  }

  private static CopyManager copies(Connection connection) throws SQLException {
    return connection.unwrap(BaseConnection.class).getCopyAPI();
  }

  private static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}
