-- GitLab's tables that decide who may see a project, and the one that keeps it; empty.
CREATE TABLE users (
  id        bigserial PRIMARY KEY,
  state     varchar,
  user_type smallint DEFAULT 0,
  CONSTRAINT users_user_type_not_null CHECK (user_type IS NOT NULL)
);

-- Groups, the namespaces of users, and one for each project (type Project), whose parent_id is its namespace's.
CREATE TABLE namespaces (
  id                    bigserial PRIMARY KEY,
  type                  varchar NOT NULL DEFAULT 'User',
  parent_id             bigint,
  owner_id              bigint,
  share_with_group_lock boolean DEFAULT false,
  traversal_ids         bigint[] NOT NULL DEFAULT '{}',
  organization_id       bigint
);

CREATE TABLE projects (
  id                   bigserial PRIMARY KEY,
  namespace_id         bigint NOT NULL,
  project_namespace_id bigint,
  organization_id      bigint
);

-- Nothing makes (user_id, source_type, source_id) unique.
CREATE TABLE members (
  id                  bigserial PRIMARY KEY,
  access_level        integer NOT NULL,
  source_id           bigint NOT NULL,
  source_type         varchar NOT NULL,
  user_id             bigint,
  type                varchar,
  invite_email        varchar,
  invite_token        varchar,
  invite_accepted_at  timestamp,
  requested_at        timestamp,
  expires_at          date,
  ldap                boolean NOT NULL DEFAULT false,
  override            boolean NOT NULL DEFAULT false,
  state               smallint DEFAULT 0,
  member_namespace_id bigint,
  member_role_id      bigint,
  CONSTRAINT members_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE TABLE group_group_links (
  id                   bigserial PRIMARY KEY,
  created_at           timestamptz NOT NULL DEFAULT now(),
  updated_at           timestamptz NOT NULL DEFAULT now(),
  shared_group_id      bigint NOT NULL REFERENCES namespaces (id) ON DELETE CASCADE,
  shared_with_group_id bigint NOT NULL REFERENCES namespaces (id) ON DELETE CASCADE,
  expires_at           date,
  group_access         smallint NOT NULL DEFAULT 30,
  member_role_id       bigint
);
CREATE UNIQUE INDEX index_group_group_links_on_shared_group_and_shared_with_group
  ON group_group_links (shared_group_id, shared_with_group_id);

CREATE TABLE project_group_links (
  id             bigserial PRIMARY KEY,
  project_id     bigint NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  group_id       bigint NOT NULL,
  created_at     timestamp,
  updated_at     timestamp,
  group_access   integer NOT NULL DEFAULT 30,
  expires_at     date,
  member_role_id bigint
);

-- A row that an older GitLab wrote has no is_unique, and the same user and project may have several such.
CREATE TABLE project_authorizations (
  user_id      bigint NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  project_id   bigint NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  access_level integer NOT NULL,
  is_unique    boolean,
  PRIMARY KEY (user_id, project_id, access_level)
);
CREATE UNIQUE INDEX index_unique_project_authorizations_on_unique_project_user
  ON project_authorizations (project_id, user_id) WHERE is_unique;
