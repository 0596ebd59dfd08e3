-- tables
CREATE TABLE document_grant (id bigserial PRIMARY KEY, tenant_id uuid NOT NULL, document_id bigint NOT NULL,
  team_id integer NOT NULL, role text NOT NULL, deleted_at timestamptz);
CREATE TABLE team_member (tenant_id uuid NOT NULL, team_id integer NOT NULL, user_id bigint NOT NULL,
  PRIMARY KEY (tenant_id, team_id, user_id));
CREATE TABLE document_access (id bigserial PRIMARY KEY, tenant_id uuid NOT NULL, document_id bigint NOT NULL,
  user_id bigint NOT NULL, role text NOT NULL, updated_at timestamptz NOT NULL, deleted_at timestamptz,
  UNIQUE (tenant_id, document_id, user_id));
INSERT INTO document_grant (tenant_id, document_id, team_id, role, deleted_at)
SELECT md5((i % 3)::text)::uuid, i % 20, i % 6, CASE WHEN i % 2 = 0 THEN 'viewer' ELSE 'editor' END,
  CASE WHEN i % 7 = 0 THEN now() END
FROM generate_series(1, 90) i;
INSERT INTO team_member SELECT DISTINCT md5((i % 4)::text)::uuid, i % 7, i % 30 FROM generate_series(1, 150) i;
INSERT INTO document_access (tenant_id, document_id, user_id, role, updated_at, deleted_at)
SELECT md5((i % 3)::text)::uuid, 50 + i, 1, 'stale', '2020-01-01', CASE WHEN i % 2 = 0 THEN now() END
FROM generate_series(1, 9) i;
-- churn
UPDATE document_grant SET deleted_at = now() WHERE id % 5 = 0;
UPDATE document_grant SET role = 'owner' WHERE id % 11 = 0;
DELETE FROM team_member WHERE user_id % 9 = 0;
UPDATE document_access SET role = 'by hand' WHERE id % 4 = 0;
-- present
SELECT tenant_id::text, document_id, user_id, role, deleted_at IS NULL FROM document_access ORDER BY 1, 2, 3
-- expected
SELECT g.tenant_id::text, g.document_id, m.user_id, max(g.role COLLATE "C"), true
FROM document_grant g JOIN team_member m USING (tenant_id, team_id) WHERE g.deleted_at IS NULL GROUP BY 1, 2, 3
UNION ALL
SELECT tenant_id::text, document_id, user_id, role, false FROM document_access WHERE deleted_at IS NOT NULL
ORDER BY 1, 2, 3
