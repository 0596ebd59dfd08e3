-- GitLab's CI database as far as a package knows it: the pipelines, in two partitions; empty.
CREATE TABLE p_ci_pipelines (
  id           bigint NOT NULL,
  partition_id bigint NOT NULL,
  project_id   bigint,
  ref          varchar,
  sha          varchar,
  status       varchar,
  user_id      bigint,
  iid          integer,
  source       integer,
  created_at   timestamp,
  updated_at   timestamp,
  started_at   timestamp,
  finished_at  timestamp,
  CONSTRAINT p_ci_pipelines_pkey PRIMARY KEY (id, partition_id),
  CONSTRAINT p_ci_pipelines_project_id_not_null CHECK (project_id IS NOT NULL)
) PARTITION BY LIST (partition_id);
CREATE TABLE ci_pipelines PARTITION OF p_ci_pipelines FOR VALUES IN (100);
CREATE TABLE ci_pipelines_101 PARTITION OF p_ci_pipelines FOR VALUES IN (101);

-- GitLab 17.10 has this function. As a trigger it would replace the ids that a test gives: none uses it here.
CREATE SEQUENCE ci_pipelines_id_seq;
CREATE FUNCTION assign_p_ci_pipelines_id_value() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.id IS NOT NULL THEN
    RAISE WARNING 'Manually assigning ids is not allowed, the value will be ignored';
  END IF;
  NEW.id := nextval('ci_pipelines_id_seq');
  RETURN NEW;
END $$;
