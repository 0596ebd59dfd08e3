-- tables
CREATE TABLE oc_share (id bigserial PRIMARY KEY, share_type smallint NOT NULL DEFAULT 0, share_with varchar(255),
  uid_owner varchar(64) NOT NULL DEFAULT '', file_source bigint, permissions smallint NOT NULL DEFAULT 0, expiration timestamp);
CREATE TABLE oc_group_user (gid varchar(64) NOT NULL DEFAULT '', uid varchar(64) NOT NULL DEFAULT '', PRIMARY KEY (gid, uid));
CREATE TABLE oc_file_access (fileid bigint NOT NULL, uid varchar(255) NOT NULL, permissions smallint NOT NULL, PRIMARY KEY (fileid, uid));
INSERT INTO oc_group_user SELECT DISTINCT 'group ' || i % 7, 'ü' || i * 5 % 40 FROM generate_series(1, 80) i;
INSERT INTO oc_share (share_type, share_with, file_source, permissions, expiration)
SELECT i % 4, CASE i % 4 WHEN 0 THEN 'ü' || i * 3 % 45 WHEN 1 THEN 'group ' || i % 8 WHEN 2 THEN 'ü1' END,
  9000000000000 + i % 25, 1 << i % 5, CASE i % 6 WHEN 0 THEN now() + interval '9 days' WHEN 1 THEN now() - interval '1 day' END
FROM generate_series(1, 200) i;
INSERT INTO oc_share (share_with, file_source, expiration) VALUES ('ü1', NULL, 'infinity'), (NULL, 1, NULL), ('', 1, NULL);
INSERT INTO oc_file_access VALUES (1, 'gone', 31), (9000000000004, 'ü12', 31);
-- churn
UPDATE oc_share SET expiration = '-infinity' WHERE id % 11 = 0;
UPDATE oc_share SET permissions = 31 WHERE id % 13 = 0;
DELETE FROM oc_group_user WHERE gid = 'group 3';
INSERT INTO oc_group_user VALUES ('group 5', ''), ('group 5', 'new');
-- present
SELECT fileid, uid, permissions FROM oc_file_access ORDER BY 1, 2
-- expected
SELECT file_source, uid, bit_or(permissions) FROM (
  SELECT file_source, share_with AS uid, permissions, expiration FROM oc_share WHERE share_type = 0
  UNION ALL SELECT s.file_source, g.uid, s.permissions, s.expiration FROM oc_share s
  JOIN oc_group_user g ON g.gid = s.share_with WHERE s.share_type = 1) s
WHERE (expiration IS NULL OR expiration > now()) AND file_source IS NOT NULL AND uid IS NOT NULL
GROUP BY 1, 2 ORDER BY 1, 2
