-- 2 million members in 50,000 root groups, a few of them large; every tier, bots, and a quarter of the seats there already.
CREATE TEMP TABLE size AS SELECT pg_temp.sized(50000) AS roots, pg_temp.sized(500000) AS users,
  pg_temp.sized(2000000) AS members;
SET session_replication_role = replica;

INSERT INTO organizations (id) SELECT generate_series(1, 10);
INSERT INTO users (id, state, user_type)
SELECT i, CASE WHEN i % 50 = 0 THEN 'blocked' ELSE 'active' END,
       CASE i % 100 WHEN 1 THEN 6 WHEN 2 THEN 13 WHEN 3 THEN 4 WHEN 4 THEN 16 WHEN 5 THEN 17 ELSE 0 END
FROM size, generate_series(1, size.users) i;

-- Numbered one after the other, R being the roots: 1 … R roots, … 2R subgroups, … 3R groups in those, … 4R people's own,
-- … 6R the namespaces of the projects 1 … 2R. A project p is in a group of any depth, every ninth in somebody's own.
INSERT INTO namespaces (id, type, parent_id, traversal_ids, organization_id)
SELECT i, 'Group', NULL::bigint, ARRAY[i], 1 + i % 10 FROM size, generate_series(1, size.roots) i
UNION ALL
SELECT size.roots + i, 'Group', i, ARRAY[i, size.roots + i], 1 + i % 10 FROM size, generate_series(1, size.roots) i
UNION ALL
SELECT 2 * size.roots + i, 'Group', size.roots + i, ARRAY[i, size.roots + i, 2 * size.roots + i], 1 + i % 10
FROM size, generate_series(1, size.roots) i
UNION ALL
SELECT 3 * size.roots + i, 'User', NULL, ARRAY[3 * size.roots + i], 1 FROM size, generate_series(1, size.roots) i;
INSERT INTO projects (id, namespace_id, project_namespace_id, organization_id)
SELECT i, CASE WHEN i % 9 = 0 THEN 3 * size.roots ELSE i % 3 * size.roots END + 1 + (i - 1) % size.roots,
       4 * size.roots + i, 1
FROM size, generate_series(1, 2 * size.roots) i;
INSERT INTO namespaces (id, type, parent_id, traversal_ids, organization_id)
SELECT p.project_namespace_id, 'Project', n.id, n.traversal_ids || p.project_namespace_id, n.organization_id
FROM projects p JOIN namespaces n ON n.id = p.namespace_id;

INSERT INTO member_roles (id, namespace_id, base_access_level, occupies_seat)
SELECT i, NULL, 10, i % 2 = 0 FROM generate_series(1, 20) i;

-- The square of an even spread: the first of 50,000 root groups has nine thousand members, most have twenty.
INSERT INTO members (access_level, source_id, source_type, user_id, type, invite_token, requested_at, expires_at, state,
  member_namespace_id, member_role_id)
SELECT (ARRAY[5, 10, 10, 15, 20, 30, 30, 30, 40, 50])[1 + pg_temp.pick(i, 2, 10)],
       CASE WHEN i % 4 = 3 THEN m.project ELSE i % 4 % 3 * size.roots + m.root END,
       CASE WHEN i % 4 = 3 THEN 'Project' ELSE 'Namespace' END,
       CASE WHEN i % 97 > 0 THEN 1 + pg_temp.pick(i, 3, size.users) END,
       CASE WHEN i % 4 = 3 THEN 'ProjectMember' ELSE 'GroupMember' END,
       CASE WHEN i % 97 = 0 OR i % 89 = 0 THEN 'invited' || i END,
       CASE WHEN i % 83 = 0 THEN timestamp '2024-01-01' END, CASE WHEN i % 79 = 0 THEN date '2024-01-01' END,
       CASE WHEN i % 73 = 0 THEN 1 WHEN i % 7919 = 0 THEN NULL ELSE 0 END,
       CASE WHEN i % 4 = 3 THEN 4 * size.roots + m.project ELSE i % 4 % 3 * size.roots + m.root END,
       CASE WHEN i % 13 = 0 THEN 1 + i % 20 END
FROM size, generate_series(1, size.members) i,
  LATERAL (SELECT 1 + floor(size.roots * (pg_temp.pick(i, 4, 1000003) / 1000003::float8) ^ 2)::bigint AS root,
                  1 + pg_temp.pick(i, 5, 2 * size.roots) AS project) m;

INSERT INTO plans (id, name)
SELECT n, plan FROM unnest(ARRAY['free', 'bronze', 'silver', 'premium', 'gold', 'ultimate', 'ultimate_trial', 'premium_trial',
  'opensource', 'ultimate_trial_paid_customer']) WITH ORDINALITY p (plan, n);
INSERT INTO gitlab_subscriptions (namespace_id, hosted_plan_id)
SELECT i, CASE WHEN i % 31 > 0 THEN 1 + pg_temp.pick(i, 6, 10) END
FROM size, generate_series(1, size.roots) i WHERE i % 5 < 3;

-- A quarter of the memberships in root groups has a seat already: right, wrong, of another organization, without a type.
-- Some have nobody behind them, and some are a self-managed GitLab's.
INSERT INTO subscription_seat_assignments
  (namespace_id, user_id, last_activity_on, created_at, updated_at, organization_id, seat_type)
SELECT DISTINCT ON (n.traversal_ids[1], m.user_id) n.traversal_ids[1], m.user_id,
       CASE WHEN m.id % 3 = 0 THEN timestamptz '2024-02-02 UTC' END, timestamptz '2024-01-01 UTC',
       timestamptz '2024-01-01 UTC', CASE WHEN m.id % 1000 < 10 THEN 1 ELSE n.organization_id END,
       CASE WHEN m.id % 16 = 4 THEN NULL ELSE m.id % 32 / 16 END
FROM members m JOIN namespaces n ON n.id = m.source_id
WHERE m.source_type = 'Namespace' AND m.id % 4 = 0 AND m.user_id IS NOT NULL
ORDER BY n.traversal_ids[1], m.user_id, m.id;
INSERT INTO subscription_seat_assignments (user_id, created_at, updated_at, organization_id)
SELECT i, timestamptz '2024-01-01 UTC', timestamptz '2024-01-01 UTC', 1
FROM size, generate_series(1, size.users, 10) i, generate_series(1, 2);
