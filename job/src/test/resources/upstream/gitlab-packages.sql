-- GitLab's main database as far as it says which pipelines built a package; empty. The pipelines are in another database.
CREATE TABLE users (
  id        bigserial PRIMARY KEY,
  state     varchar,
  user_type smallint DEFAULT 0,
  CONSTRAINT users_user_type_not_null CHECK (user_type IS NOT NULL)
);

CREATE TABLE packages_packages (
  id                 bigserial PRIMARY KEY,
  project_id         bigint NOT NULL,
  created_at         timestamptz NOT NULL,
  updated_at         timestamptz NOT NULL,
  name               varchar NOT NULL,
  version            varchar,
  package_type       smallint NOT NULL,
  creator_id         bigint,
  status             smallint NOT NULL DEFAULT 0,
  last_downloaded_at timestamptz,
  status_message     text
);

CREATE TABLE packages_package_files (
  id         bigserial PRIMARY KEY,
  package_id bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  size       bigint,
  file_name  varchar NOT NULL,
  file       text NOT NULL,
  status     smallint NOT NULL DEFAULT 0,
  project_id bigint,
  CONSTRAINT packages_package_files_project_id_not_null CHECK (project_id IS NOT NULL)
);

CREATE TABLE packages_build_infos (
  id          bigserial PRIMARY KEY,
  package_id  bigint NOT NULL,
  pipeline_id bigint,
  project_id  bigint,
  CONSTRAINT packages_build_infos_project_id_not_null CHECK (project_id IS NOT NULL)
);
CREATE INDEX index_packages_build_infos_package_id_pipeline_id_id
  ON packages_build_infos (package_id, pipeline_id, id);
CREATE INDEX index_packages_build_infos_package_id_id ON packages_build_infos (package_id, id);
CREATE INDEX index_packages_build_infos_on_pipeline_id ON packages_build_infos (pipeline_id);
CREATE INDEX index_packages_build_infos_on_project_id ON packages_build_infos (project_id);

-- A build info belongs to its package's project.
CREATE FUNCTION packages_build_infos_sharding_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.project_id IS NULL THEN
    SELECT project_id INTO NEW.project_id FROM packages_packages WHERE id = NEW.package_id;
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER trigger_packages_build_infos_sharding_key BEFORE INSERT ON packages_build_infos
FOR EACH ROW EXECUTE FUNCTION packages_build_infos_sharding_key();

CREATE TABLE packages_package_file_build_infos (
  id              bigserial PRIMARY KEY,
  package_file_id bigint NOT NULL REFERENCES packages_package_files (id) ON DELETE CASCADE,
  pipeline_id     bigint,
  project_id      bigint
);
CREATE INDEX index_packages_package_file_build_infos_on_package_file_id
  ON packages_package_file_build_infos (package_file_id);
CREATE INDEX index_packages_package_file_build_infos_on_pipeline_id ON packages_package_file_build_infos (pipeline_id);
