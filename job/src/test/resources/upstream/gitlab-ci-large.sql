-- 3 million pipelines, half of them in each partition; a twentieth is somebody's whom the main database does not have.
CREATE TEMP TABLE size AS SELECT pg_temp.sized(3000000) AS pipelines, pg_temp.sized(210000) AS users;

INSERT INTO p_ci_pipelines (id, partition_id, project_id, ref, sha, status, user_id, iid, source, created_at, updated_at)
SELECT i, CASE WHEN 2 * i <= size.pipelines THEN 100 ELSE 101 END, 1 + i % 1000, 'branch-' || i % 500, md5(i::text),
       (ARRAY['success', 'failed', 'canceled', 'skipped'])[1 + i % 4],
       CASE WHEN i % 41 > 0 THEN 1 + pg_temp.pick(i, 13, size.users) END, i / 1000, 1,
       timestamp '2024-01-01' + i * interval '1 second', timestamp '2024-01-01' + i * interval '1 second'
FROM size, generate_series(1, size.pipelines) i;
