-- GitLab's tables that decide who occupies a seat, and the one that keeps it; empty.
CREATE TABLE organizations (id bigserial PRIMARY KEY);

CREATE TABLE users (
  id        bigserial PRIMARY KEY,
  state     varchar,
  user_type smallint DEFAULT 0,
  CONSTRAINT users_user_type_not_null CHECK (user_type IS NOT NULL)
);

CREATE TABLE namespaces (
  id              bigserial PRIMARY KEY,
  type            varchar NOT NULL DEFAULT 'User',
  parent_id       bigint,
  owner_id        bigint,
  traversal_ids   bigint[] NOT NULL DEFAULT '{}',
  organization_id bigint,
  CONSTRAINT namespaces_organization_id_not_null CHECK (organization_id IS NOT NULL)
);

CREATE TABLE projects (
  id                   bigserial PRIMARY KEY,
  namespace_id         bigint NOT NULL,
  project_namespace_id bigint,
  organization_id      bigint,
  CONSTRAINT projects_project_namespace_id_not_null CHECK (project_namespace_id IS NOT NULL)
);

CREATE TABLE member_roles (
  id                bigserial PRIMARY KEY,
  namespace_id      bigint,
  base_access_level integer,
  occupies_seat     boolean NOT NULL DEFAULT false
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
  CONSTRAINT members_member_namespace_id_not_null CHECK (member_namespace_id IS NOT NULL),
  CONSTRAINT members_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE TABLE plans (
  id   bigserial PRIMARY KEY,
  name varchar
);

CREATE TABLE gitlab_subscriptions (
  id             bigserial PRIMARY KEY,
  hosted_plan_id bigint REFERENCES plans (id),
  namespace_id   bigint,
  end_date       date,
  trial          boolean DEFAULT false,
  CONSTRAINT gitlab_subscriptions_namespace_id_not_null CHECK (namespace_id IS NOT NULL)
);
CREATE UNIQUE INDEX index_gitlab_subscriptions_on_namespace_id ON gitlab_subscriptions (namespace_id);

CREATE TABLE subscription_seat_assignments (
  id               bigserial PRIMARY KEY,
  namespace_id     bigint REFERENCES namespaces (id) ON DELETE CASCADE,
  user_id          bigint NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  last_activity_on timestamptz,
  created_at       timestamptz NOT NULL,
  updated_at       timestamptz NOT NULL,
  organization_id  bigint NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  seat_type        smallint
);
-- Rows without a namespace are those of a self-managed GitLab, and may repeat.
CREATE UNIQUE INDEX uniq_idx_subscription_seat_assignments_on_namespace_id_and_user
  ON subscription_seat_assignments (namespace_id, user_id) WHERE namespace_id IS NOT NULL;
CREATE INDEX idx_subscription_seat_assignments_namespace_last_activity_on
  ON subscription_seat_assignments (namespace_id, last_activity_on, created_at);
CREATE INDEX index_subscription_seat_assignments_on_user_id ON subscription_seat_assignments (user_id);
CREATE INDEX index_subscription_seat_assignments_on_organization_id ON subscription_seat_assignments (organization_id);
