-- tables
CREATE TABLE "user" (id bigserial PRIMARY KEY, name varchar(255) NOT NULL UNIQUE);
CREATE TABLE repository (id bigserial PRIMARY KEY, owner_id bigint NOT NULL, is_private boolean NOT NULL DEFAULT false);
CREATE TABLE collaboration (id bigserial PRIMARY KEY, repo_id bigint NOT NULL, user_id bigint NOT NULL,
  mode integer NOT NULL DEFAULT 2, UNIQUE (repo_id, user_id));
CREATE TABLE team (id bigserial PRIMARY KEY, org_id bigint NOT NULL, authorize integer NOT NULL);
CREATE TABLE team_user (id bigserial PRIMARY KEY, team_id bigint, uid bigint, UNIQUE (team_id, uid));
CREATE TABLE team_repo (id bigserial PRIMARY KEY, team_id bigint, repo_id bigint, UNIQUE (team_id, repo_id));
CREATE TABLE access (id bigserial PRIMARY KEY, user_id bigint NOT NULL, repo_id bigint NOT NULL, mode integer,
  UNIQUE (user_id, repo_id));
INSERT INTO "user" (name) SELECT 'u' || i FROM generate_series(1, 40) i;
INSERT INTO repository (owner_id, is_private) SELECT 1 + i % 5, i % 3 > 0 FROM generate_series(1, 30) i;
INSERT INTO collaboration (repo_id, user_id, mode)
SELECT 1 + i * 7 % 30, 1 + i * 11 % 40, 1 + i % 4 FROM generate_series(1, 200) i ON CONFLICT DO NOTHING;
INSERT INTO team (org_id, authorize) SELECT 100, i % 5 FROM generate_series(1, 8) i;
INSERT INTO team_user (team_id, uid)
SELECT 1 + i % 8, 1 + i * 3 % 40 FROM generate_series(1, 60) i ON CONFLICT DO NOTHING;
INSERT INTO team_repo (team_id, repo_id) SELECT 1 + i % 8, i FROM generate_series(1, 40) i;
INSERT INTO team_user (team_id, uid) VALUES (NULL, 3), (3, NULL);
INSERT INTO access (user_id, repo_id, mode)
SELECT 1 + i * 11 % 40, 1 + i * 7 % 30, 1 + i % 3 FROM generate_series(1, 90) i ON CONFLICT DO NOTHING;
INSERT INTO access (user_id, repo_id, mode) VALUES (999, 1, 4), (1, 999, NULL);
-- churn
DELETE FROM collaboration WHERE user_id % 5 = 0;
UPDATE team SET authorize = 4 WHERE id % 2 = 0;
UPDATE repository SET is_private = NOT is_private WHERE id % 4 = 0;
INSERT INTO team_user (team_id, uid) SELECT 7, i FROM generate_series(1, 40, 3) i ON CONFLICT DO NOTHING;
UPDATE access SET mode = NULL WHERE id % 9 = 0;
-- present
SELECT user_id, repo_id, mode FROM access ORDER BY 1, 2
-- expected
SELECT g.user_id, g.repo_id, max(g.mode)
FROM (SELECT user_id, repo_id, mode FROM collaboration
      UNION ALL SELECT u.uid, r.repo_id, t.authorize FROM team t
      JOIN team_user u ON u.team_id = t.id JOIN team_repo r ON r.team_id = t.id) g
JOIN repository r ON r.id = g.repo_id WHERE g.user_id <> r.owner_id
GROUP BY 1, 2, r.is_private HAVING max(g.mode) >= CASE WHEN r.is_private THEN 1 ELSE 2 END ORDER BY 1, 2
