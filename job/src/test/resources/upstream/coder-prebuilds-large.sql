-- 2,000 organizations with 10,000 presets; what the rules turn on is spread by the number of the organization.
CREATE TEMP TABLE size AS SELECT pg_temp.sized(2000) AS organizations, pg_temp.sized(20000) AS users,
  pg_temp.sized(10000) AS presets;

INSERT INTO users (id, email, username, is_system)
VALUES ('c42fdf75-3097-471c-8c33-fb52454d81c0', 'prebuilds@system', 'prebuilds', true);
INSERT INTO users (id, email, username)
SELECT md5('user' || i)::uuid, 'user' || i || '@example.com', 'user' || i FROM size, generate_series(1, size.users) i;

INSERT INTO organizations (id, name, description, created_at, updated_at, is_default, display_name, deleted)
SELECT md5('organization' || i)::uuid, 'organization' || i, '', timestamptz '2024-01-01 UTC',
       timestamptz '2024-01-01 UTC', i = 1, 'Organization ' || i, i % 19 = 0
FROM size, generate_series(1, size.organizations) i;

-- Twenty people in each, and the system user in some, with no regard to whether presets ask for it.
INSERT INTO organization_members (user_id, organization_id, created_at, updated_at, roles)
SELECT DISTINCT ON (i, u) md5('user' || u)::uuid, md5('organization' || i)::uuid, timestamptz '2024-01-02 UTC',
       timestamptz '2024-01-02 UTC', '{organization-auditor}'::text[]
FROM (SELECT i, 1 + pg_temp.pick(i, j, size.users) AS u
      FROM size, generate_series(1, size.organizations) i, generate_series(1, 20) j) m;
INSERT INTO organization_members (user_id, organization_id, created_at, updated_at)
SELECT 'c42fdf75-3097-471c-8c33-fb52454d81c0', md5('organization' || i)::uuid, timestamptz '2024-01-02 UTC',
       timestamptz '2024-01-02 UTC'
FROM size, generate_series(1, size.organizations) i WHERE i % 10 = 1 OR i % 16 = 0;

-- Everyone's group in each; in some the prebuilds group, with a quota of somebody's own.
INSERT INTO groups (id, name, organization_id)
SELECT id, 'Everyone', id FROM organizations;
INSERT INTO groups (id, name, organization_id, quota_allowance)
SELECT md5('group' || i)::uuid, 'coderprebuiltworkspaces', md5('organization' || i)::uuid, 5
FROM size, generate_series(1, size.organizations) i WHERE i % 10 IN (1, 2);
INSERT INTO group_members (user_id, group_id)
SELECT 'c42fdf75-3097-471c-8c33-fb52454d81c0', md5('group' || i)::uuid
FROM size, generate_series(1, size.organizations) i WHERE i % 20 = 1;

INSERT INTO templates (id, organization_id, deleted, name, active_version_id)
SELECT md5('template' || i)::uuid, md5('organization' || 1 + (i - 1) % size.organizations)::uuid, i % 17 = 0,
       'template' || i, md5('version' || i)::uuid
FROM size, generate_series(1, 2 * size.organizations) i;
INSERT INTO template_versions (id, template_id, organization_id, name, archived)
SELECT md5('version' || i)::uuid,
       CASE WHEN i % 23 > 0 THEN md5('template' || 1 + (i - 1) % (2 * size.organizations))::uuid END,
       md5('organization' || 1 + (i - (i % 29 > 0)::int) % size.organizations)::uuid, 'v' || i, i % 5 = 0
FROM size, generate_series(1, 4 * size.organizations) i;

-- Every eighth organization has presets, but none that is to be built in advance.
INSERT INTO template_version_presets (id, template_version_id, name, created_at, desired_instances)
SELECT md5('preset' || i)::uuid, md5('version' || 1 + (i - 1) % (4 * size.organizations))::uuid, 'preset' || i,
       timestamptz '2024-01-03 UTC',
       CASE WHEN (1 + (i - 1) % size.organizations) % 8 = 0 OR i % 7 = 0 THEN NULL WHEN i % 11 = 0 THEN 0 ELSE i % 3 END
FROM size, generate_series(1, size.presets) i;
