-- 1 million packages with 5 million build infos, 1 million files with as many; they name a third of 3 million pipelines.
CREATE TEMP TABLE size AS SELECT pg_temp.sized(1000000) AS packages, pg_temp.sized(5000000) AS infos,
  pg_temp.sized(1000000) AS files, pg_temp.sized(1000000) AS named, pg_temp.sized(3000000) AS pipelines,
  pg_temp.sized(200000) AS users;
SET session_replication_role = replica;

INSERT INTO users (id, state) SELECT i, 'active' FROM size, generate_series(1, size.users) i;
INSERT INTO packages_packages (id, project_id, created_at, updated_at, name, version, package_type, status)
SELECT i, 1 + i % 1000, timestamptz '2024-01-01 UTC', timestamptz '2024-01-01 UTC', 'package' || i, '1.0.' || i % 10,
       1 + i % 12, CASE WHEN i % 50 = 0 THEN 4 ELSE 0 END
FROM size, generate_series(1, size.packages) i;
INSERT INTO packages_package_files (id, package_id, created_at, updated_at, size, file_name, file, project_id)
SELECT i, i, timestamptz '2024-01-01 UTC', timestamptz '2024-01-01 UTC', i % 100000, 'file' || i, 'file' || i, 1 + i % 1000
FROM size, generate_series(1, size.files) i;

-- Two infos each belong to one package, and every fourth such two to one pipeline. A fifth belongs to a hundredth of the
-- packages, so that those have more than the newest 20. One info in 47 names no pipeline, one in 101 a pipeline that is gone.
INSERT INTO packages_build_infos (package_id, pipeline_id, project_id)
SELECT b.package, CASE WHEN i % 47 = 0 THEN NULL
                       WHEN i % 101 = 0 THEN size.pipelines + i
                       ELSE 3 * (1 + pg_temp.pick(i / 2 + CASE WHEN i / 2 % 4 > 0 THEN i % 2 * size.infos ELSE 0 END, 7, size.named)) END,
       1 + b.package % 1000
FROM size, generate_series(1, size.infos) i,
  LATERAL (SELECT 1 + CASE WHEN i / 2 % 5 = 0 THEN pg_temp.pick(i / 2, 8, 1 + size.packages / 100)
                           ELSE pg_temp.pick(i / 2, 9, size.packages) END AS package) b;
INSERT INTO packages_package_file_build_infos (package_file_id, pipeline_id)
SELECT 1 + CASE WHEN i / 2 % 5 = 0 THEN pg_temp.pick(i / 2, 10, 1 + size.files / 200) ELSE pg_temp.pick(i / 2, 11, size.files) END,
       CASE WHEN i % 47 = 0 THEN NULL
            WHEN i % 101 = 0 THEN size.pipelines + i
            ELSE 3 * (1 + pg_temp.pick(i / 2 + CASE WHEN i / 2 % 4 > 0 THEN i % 2 * size.files ELSE 0 END, 12, size.named)) END
FROM size, generate_series(1, size.files) i;
