-- tables
CREATE TABLE user_entity (id varchar(36) PRIMARY KEY, username varchar(255));
CREATE TABLE keycloak_group (id varchar(36) PRIMARY KEY, name varchar(255), parent_group varchar(36) NOT NULL,
  realm_id varchar(36),
  UNIQUE (realm_id, parent_group, name));
CREATE TABLE group_role_mapping (role_id varchar(36) NOT NULL, group_id varchar(36) NOT NULL REFERENCES keycloak_group,
  PRIMARY KEY (role_id, group_id));
CREATE TABLE user_role_mapping (role_id varchar(255) NOT NULL, user_id varchar(36) NOT NULL REFERENCES user_entity,
  PRIMARY KEY (role_id, user_id));
CREATE TABLE user_group_membership (group_id varchar(36) NOT NULL, user_id varchar(36) NOT NULL REFERENCES user_entity,
  PRIMARY KEY (group_id, user_id));
CREATE TABLE user_effective_role (role_id varchar(255) NOT NULL,
  user_id varchar(36) NOT NULL REFERENCES user_entity ON DELETE CASCADE, PRIMARY KEY (role_id, user_id));
INSERT INTO user_entity SELECT md5('u' || i), 'u' || i FROM generate_series(1, 50) i;
INSERT INTO keycloak_group
SELECT md5('g' || i), 'g' || i, CASE WHEN i < 4 THEN ' ' ELSE md5('g' || i / 2) END, 'master'
FROM generate_series(1, 30) i;
INSERT INTO group_role_mapping SELECT DISTINCT md5('r' || i % 12), md5('g' || 1 + i * 5 % 30)
FROM generate_series(1, 25) i;
INSERT INTO user_role_mapping SELECT DISTINCT md5('r' || i % 14), md5('u' || 1 + i * 7 % 50)
FROM generate_series(1, 60) i;
INSERT INTO user_group_membership SELECT DISTINCT md5('g' || 1 + i % 30), md5('u' || 1 + i * 3 % 50)
FROM generate_series(1, 90) i;
INSERT INTO user_effective_role SELECT 'stale', id FROM user_entity WHERE username < 'u2';
-- churn
UPDATE keycloak_group SET parent_group = ' ' WHERE name IN ('g5', 'g9');
UPDATE keycloak_group SET parent_group = md5('g3') WHERE name = 'g10';
DELETE FROM user_group_membership WHERE group_id < '4';
DELETE FROM group_role_mapping WHERE role_id > 'd';
DELETE FROM user_role_mapping WHERE user_id = md5('u8');
DELETE FROM user_group_membership WHERE user_id = md5('u8');
DELETE FROM user_entity WHERE username = 'u8';
-- present
SELECT role_id, user_id FROM user_effective_role ORDER BY 1, 2
-- expected
WITH RECURSIVE up AS (
  SELECT id AS group_id, id AS ancestor FROM keycloak_group
  UNION ALL SELECT u.group_id, g.parent_group FROM up u JOIN keycloak_group g ON g.id = u.ancestor WHERE g.parent_group <> ' ')
SELECT role_id::text, user_id FROM user_role_mapping
UNION SELECT r.role_id, m.user_id FROM up u JOIN group_role_mapping r ON r.group_id = u.ancestor
JOIN user_group_membership m ON m.group_id = u.group_id ORDER BY 1, 2
