-- Keycloak's tables that decide which role a user has; empty.
CREATE TABLE user_entity (
  id                          varchar(36) NOT NULL CONSTRAINT constraint_fb PRIMARY KEY,
  email                       varchar(255),
  email_constraint            varchar(255),
  email_verified              boolean NOT NULL DEFAULT false,
  enabled                     boolean NOT NULL DEFAULT false,
  federation_link             varchar(255),
  first_name                  varchar(255),
  last_name                   varchar(255),
  realm_id                    varchar(255),
  username                    varchar(255),
  created_timestamp           bigint,
  service_account_client_link varchar(255),
  not_before                  integer NOT NULL DEFAULT 0,
  UNIQUE (realm_id, email_constraint),
  UNIQUE (realm_id, username)
);

CREATE TABLE keycloak_role (
  id                      varchar(36) NOT NULL CONSTRAINT constraint_a PRIMARY KEY,
  client_realm_constraint varchar(255),
  client_role             boolean NOT NULL DEFAULT false,
  description             varchar(255),
  name                    varchar(255),
  realm_id                varchar(255),
  client                  varchar(36),
  realm                   varchar(36),
  UNIQUE (name, client_realm_constraint)
);

-- A group at the top has a blank as its parent.
CREATE TABLE keycloak_group (
  id           varchar(36) NOT NULL CONSTRAINT constraint_group PRIMARY KEY,
  name         varchar(255),
  parent_group varchar(36) NOT NULL,
  realm_id     varchar(36),
  type         integer NOT NULL DEFAULT 0,
  CONSTRAINT sibling_names UNIQUE (realm_id, parent_group, name)
);

CREATE TABLE composite_role (
  composite  varchar(36) NOT NULL REFERENCES keycloak_role (id),
  child_role varchar(36) NOT NULL REFERENCES keycloak_role (id),
  CONSTRAINT constraint_composite_role PRIMARY KEY (composite, child_role)
);

-- Neither this nor the next has a foreign key to the role.
CREATE TABLE user_role_mapping (
  role_id varchar(255) NOT NULL,
  user_id varchar(36) NOT NULL REFERENCES user_entity (id),
  CONSTRAINT constraint_c PRIMARY KEY (role_id, user_id)
);

CREATE TABLE group_role_mapping (
  role_id  varchar(36) NOT NULL,
  group_id varchar(36) NOT NULL REFERENCES keycloak_group (id),
  CONSTRAINT constraint_group_role PRIMARY KEY (role_id, group_id)
);

-- Nor this one to the group.
CREATE TABLE user_group_membership (
  group_id        varchar(36) NOT NULL,
  user_id         varchar(36) NOT NULL REFERENCES user_entity (id),
  membership_type varchar(255) NOT NULL,
  CONSTRAINT constraint_user_group PRIMARY KEY (group_id, user_id)
);
