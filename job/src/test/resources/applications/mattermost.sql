-- tables
CREATE TABLE groupchannels (groupid varchar(26) NOT NULL, channelid varchar(26) NOT NULL, autoadd boolean, schemeadmin boolean,
  createat bigint, deleteat bigint, updateat bigint, PRIMARY KEY (groupid, channelid));
CREATE TABLE groupmembers (groupid varchar(26) NOT NULL, userid varchar(26) NOT NULL, createat bigint, deleteat bigint,
  PRIMARY KEY (groupid, userid));
CREATE TABLE channelmembers (channelid varchar(26) NOT NULL, userid varchar(26) NOT NULL,
  roles varchar(256) NOT NULL DEFAULT '', lastviewedat bigint NOT NULL DEFAULT 0, notifyprops jsonb NOT NULL DEFAULT '{}',
  schemeuser boolean NOT NULL DEFAULT true, PRIMARY KEY (channelid, userid));
INSERT INTO groupchannels
SELECT 'g' || i % 6, 'channel' || i, CASE WHEN i % 9 > 0 THEN i % 4 > 0 END, false, 1, i % 5 / 4, 1 FROM generate_series(1, 40) i;
INSERT INTO groupmembers
SELECT 'g' || i % 7, 'user' || i, 1, CASE WHEN i % 6 > 0 THEN i % 5 / 4 END FROM generate_series(1, 90) i;
INSERT INTO channelmembers (channelid, userid, roles)
SELECT 'channel' || i, 'user' || i, 'kept' FROM generate_series(1, 90, 2) i;
-- churn
UPDATE groupmembers SET deleteat = 1700000000000 WHERE userid LIKE '%7';
UPDATE groupmembers SET deleteat = 0 WHERE userid LIKE '%4';
UPDATE groupchannels SET autoadd = true WHERE channelid LIKE '%8';
DELETE FROM channelmembers WHERE userid LIKE '%3';
-- present
SELECT channelid, userid, roles, notifyprops::text FROM channelmembers ORDER BY 1, 2
-- expected
SELECT channelid, userid, roles, notifyprops::text FROM channelmembers
UNION ALL
SELECT DISTINCT c.channelid, m.userid, '', '{}' FROM groupchannels c JOIN groupmembers m ON m.groupid = c.groupid
WHERE c.autoadd AND c.deleteat = 0 AND m.deleteat = 0
  AND NOT EXISTS (SELECT FROM channelmembers x WHERE x.channelid = c.channelid AND x.userid = m.userid)
ORDER BY 1, 2
