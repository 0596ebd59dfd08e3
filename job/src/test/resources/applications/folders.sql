-- tables
CREATE TABLE folder (id bigint PRIMARY KEY, parent_id bigint REFERENCES folder);
CREATE TABLE folder_grant (folder_id bigint NOT NULL REFERENCES folder, user_id bigint NOT NULL, PRIMARY KEY (folder_id, user_id));
CREATE TABLE folder_visible (folder_id bigint NOT NULL REFERENCES folder, user_id bigint NOT NULL, PRIMARY KEY (folder_id, user_id));
INSERT INTO folder SELECT i, CASE WHEN i > 3 THEN i * 2 / 3 END FROM generate_series(1, 100) i ORDER BY i;
INSERT INTO folder_grant SELECT DISTINCT 1 + i * 17 % 100, i % 25 FROM generate_series(1, 60) i;
INSERT INTO folder_visible SELECT i, 77 FROM generate_series(1, 9) i;
-- churn
UPDATE folder SET parent_id = 3 WHERE id IN (8, 40, 60);
DELETE FROM folder_grant WHERE user_id % 4 = 0;
INSERT INTO folder_grant VALUES (1, 1000);
-- present
SELECT folder_id, user_id FROM folder_visible ORDER BY 1, 2
-- expected
WITH RECURSIVE down AS (
  SELECT folder_id, user_id FROM folder_grant
  UNION SELECT f.id, d.user_id FROM down d JOIN folder f ON f.parent_id = d.folder_id)
SELECT folder_id, user_id FROM down ORDER BY 1, 2
