-- Coder's tables around prebuilds, empty: neither an organization nor the system user is in them.
CREATE TYPE group_source AS ENUM ('user', 'oidc');
CREATE TYPE prebuild_status AS ENUM ('healthy', 'hard_limited', 'validation_failed');

CREATE TABLE users (
  id        uuid PRIMARY KEY,
  email     text NOT NULL,
  username  text NOT NULL DEFAULT '',
  deleted   boolean NOT NULL DEFAULT false,
  is_system boolean NOT NULL DEFAULT false
);

CREATE TABLE organizations (
  id           uuid PRIMARY KEY,
  name         text NOT NULL,
  description  text NOT NULL,
  created_at   timestamptz NOT NULL,
  updated_at   timestamptz NOT NULL,
  is_default   boolean NOT NULL DEFAULT false,
  display_name text NOT NULL,
  icon         text NOT NULL DEFAULT '',
  deleted      boolean NOT NULL DEFAULT false
);
CREATE UNIQUE INDEX idx_organization_name_lower ON organizations (lower(name)) WHERE deleted = false;
CREATE UNIQUE INDEX organizations_single_default_org ON organizations (is_default) WHERE is_default = true;

CREATE TABLE organization_members (
  user_id         uuid NOT NULL,
  organization_id uuid NOT NULL,
  created_at      timestamptz NOT NULL,
  updated_at      timestamptz NOT NULL,
  roles           text[] NOT NULL DEFAULT '{}',
  CONSTRAINT organization_members_pkey PRIMARY KEY (organization_id, user_id),
  CONSTRAINT organization_members_organization_id_uuid_fkey
    FOREIGN KEY (organization_id) REFERENCES organizations (id) ON DELETE CASCADE,
  CONSTRAINT organization_members_user_id_uuid_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE TABLE groups (
  id              uuid PRIMARY KEY,
  name            text NOT NULL,
  organization_id uuid NOT NULL,
  avatar_url      text NOT NULL DEFAULT '',
  quota_allowance integer NOT NULL DEFAULT 0,
  display_name    text NOT NULL DEFAULT '',
  source          group_source NOT NULL DEFAULT 'user',
  CONSTRAINT groups_name_organization_id_key UNIQUE (name, organization_id),
  CONSTRAINT groups_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations (id) ON DELETE CASCADE
);

CREATE TABLE group_members (
  user_id  uuid NOT NULL,
  group_id uuid NOT NULL,
  CONSTRAINT group_members_user_id_group_id_key UNIQUE (user_id, group_id),
  CONSTRAINT group_members_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
  CONSTRAINT group_members_group_id_fkey FOREIGN KEY (group_id) REFERENCES groups (id) ON DELETE CASCADE
);

CREATE FUNCTION delete_group_members_on_org_member_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM group_members
  WHERE user_id = OLD.user_id
    AND group_id IN (SELECT id FROM groups WHERE organization_id = OLD.organization_id);
  RETURN OLD;
END $$;

CREATE TRIGGER trigger_delete_group_members_on_org_member_delete BEFORE DELETE ON organization_members
FOR EACH ROW EXECUTE FUNCTION delete_group_members_on_org_member_delete();

CREATE TABLE templates (
  id                uuid PRIMARY KEY,
  organization_id   uuid NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  deleted           boolean NOT NULL DEFAULT false,
  name              varchar(64) NOT NULL,
  active_version_id uuid NOT NULL
);

CREATE TABLE template_versions (
  id              uuid PRIMARY KEY,
  template_id     uuid REFERENCES templates (id) ON DELETE CASCADE,
  organization_id uuid NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  name            varchar(64) NOT NULL,
  archived        boolean NOT NULL DEFAULT false,
  CONSTRAINT template_versions_template_id_name_key UNIQUE (template_id, name)
);

CREATE TABLE template_version_presets (
  id                  uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  template_version_id uuid NOT NULL REFERENCES template_versions (id) ON DELETE CASCADE,
  name                text NOT NULL,
  created_at          timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  desired_instances   integer,
  prebuild_status     prebuild_status NOT NULL DEFAULT 'healthy'
);
CREATE UNIQUE INDEX idx_unique_preset_name ON template_version_presets (name, template_version_id);
