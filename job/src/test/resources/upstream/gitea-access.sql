-- Gitea's tables that decide who may do what with a repository, and the one that keeps it; empty. Gitea makes its tables
-- from structures: what is not said to be NOT NULL may be NULL, and there are no foreign keys.
CREATE TABLE "user" (
  id             bigserial PRIMARY KEY,
  lower_name     varchar(255) NOT NULL UNIQUE,
  name           varchar(255) NOT NULL UNIQUE,
  type           integer,
  is_active      boolean,
  is_admin       boolean,
  is_restricted  boolean NOT NULL DEFAULT false,
  prohibit_login boolean NOT NULL DEFAULT false,
  visibility     integer NOT NULL DEFAULT 0
);

CREATE TABLE repository (
  id          bigserial PRIMARY KEY,
  owner_id    bigint,
  owner_name  varchar(255),
  lower_name  varchar(255) NOT NULL,
  name        varchar(255) NOT NULL,
  is_private  boolean,
  UNIQUE (owner_id, lower_name)
);

CREATE TABLE team (
  id                        bigserial PRIMARY KEY,
  org_id                    bigint,
  lower_name                varchar(255),
  name                      varchar(255),
  description               varchar(255),
  authorize                 integer,
  num_repos                 integer,
  num_members               integer,
  includes_all_repositories boolean NOT NULL DEFAULT false,
  can_create_org_repo       boolean NOT NULL DEFAULT false
);

CREATE TABLE team_user (
  id      bigserial PRIMARY KEY,
  org_id  bigint,
  team_id bigint,
  uid     bigint,
  UNIQUE (team_id, uid)
);

CREATE TABLE team_repo (
  id      bigserial PRIMARY KEY,
  org_id  bigint,
  team_id bigint,
  repo_id bigint,
  UNIQUE (team_id, repo_id)
);

CREATE TABLE team_unit (
  id          bigserial PRIMARY KEY,
  org_id      bigint,
  team_id     bigint,
  type        integer,
  access_mode integer,
  UNIQUE (team_id, type)
);

CREATE TABLE collaboration (
  id           bigserial PRIMARY KEY,
  repo_id      bigint NOT NULL,
  user_id      bigint NOT NULL,
  mode         integer NOT NULL DEFAULT 2,
  created_unix bigint,
  updated_unix bigint,
  UNIQUE (repo_id, user_id)
);

CREATE TABLE access (
  id      bigserial PRIMARY KEY,
  user_id bigint,
  repo_id bigint,
  mode    integer,
  CONSTRAINT "UQE_access_s" UNIQUE (user_id, repo_id)
);
