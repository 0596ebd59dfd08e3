-- tables
CREATE TABLE users (id integer PRIMARY KEY, active boolean NOT NULL DEFAULT false, staged boolean NOT NULL DEFAULT false,
  suspended_till timestamp);
CREATE TABLE categories (id integer PRIMARY KEY, read_restricted boolean NOT NULL DEFAULT false);
CREATE TABLE category_groups (id serial PRIMARY KEY, category_id integer NOT NULL, group_id integer NOT NULL,
  permission_type integer DEFAULT 1);
CREATE TABLE group_users (id serial PRIMARY KEY, group_id integer NOT NULL, user_id integer NOT NULL, UNIQUE (group_id, user_id));
CREATE TABLE category_readers (category_id integer NOT NULL, user_id integer NOT NULL REFERENCES users ON DELETE CASCADE,
  PRIMARY KEY (user_id, category_id));
INSERT INTO users SELECT i, i % 8 > 0, i % 9 = 0,
  CASE i % 7 WHEN 1 THEN now() + interval '1 year' WHEN 2 THEN now() - interval '1 year' WHEN 3 THEN 'infinity' END
FROM generate_series(-2, 60) i;
INSERT INTO categories SELECT i, i % 3 > 0 FROM generate_series(1, 25) i;
INSERT INTO category_groups (category_id, group_id) SELECT 1 + i % 30, i % 11 FROM generate_series(1, 50) i;
INSERT INTO group_users (group_id, user_id) SELECT 1 + i % 12, i * 7 % 70 FROM generate_series(1, 120) i ON CONFLICT DO NOTHING;
INSERT INTO category_readers SELECT 99, id FROM users WHERE id > 50;
-- churn
UPDATE categories SET read_restricted = NOT read_restricted WHERE id % 6 = 0;
UPDATE users SET suspended_till = NULL WHERE id % 14 = 1;
UPDATE users SET suspended_till = now() + interval '1 day' WHERE id % 14 = 5;
DELETE FROM users WHERE id = 20;
INSERT INTO category_groups (category_id, group_id) VALUES (5, 0), (7, 4);
-- present
SELECT category_id, user_id FROM category_readers ORDER BY 1, 2
-- expected
SELECT c.id, u.id FROM categories c, users u
WHERE active AND NOT staged AND (suspended_till IS NULL OR suspended_till <= now())
  AND (NOT read_restricted OR EXISTS (SELECT FROM category_groups g WHERE g.category_id = c.id AND g.group_id = 0))
UNION
SELECT c.category_id, u.id FROM category_groups c JOIN group_users g ON g.group_id = c.group_id JOIN users u ON u.id = g.user_id
WHERE active AND NOT staged AND (suspended_till IS NULL OR suspended_till <= now())
ORDER BY 1, 2
