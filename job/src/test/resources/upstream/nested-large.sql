-- Organizations of 500 groups in eight levels and of 500 users, bench.groups groups in all. A group is in four groups of
-- the level above and in one of the level above that; some hold a group of the lowest level of another organization. Some
-- hold a group that holds them: mostly two in a circle, in every hundredth organization dozens of them. Who is a member of
-- a group that holds others is mostly so by these. An object is granted to two groups of an organization. Ids are spread:
-- what belongs together is not near each other. Hash functions alone draw, so the rows are the same each time.
CREATE TEMP TABLE size AS
SELECT current_setting('bench.groups')::bigint AS groups, current_setting('bench.groups')::bigint / 500 AS organizations;

-- Direct members of a group: 1 to `most`.
CREATE TEMP TABLE level (level, start, groups, most) AS VALUES
  (0, 0, 1, 4), (1, 1, 2, 4), (2, 3, 5, 4), (3, 8, 12, 4), (4, 20, 28, 4), (5, 48, 65, 16), (6, 113, 140, 27), (7, 253, 247, 59);

-- The id of the group, or user, in a place of an organization.
CREATE FUNCTION pg_temp.id(organization bigint, place bigint) RETURNS integer LANGUAGE sql IMMUTABLE AS
  $$ SELECT (1 + ((organization * 500 + place) * 7919 + 12345) % current_setting('bench.groups')::bigint)::integer $$;

CREATE TEMP TABLE team AS
SELECT organization, level, place, pg_temp.id(organization, place) AS id,
       1 + pg_temp.pick(organization * 500 + place, 1, most) AS members
FROM size, level, generate_series(0, size.organizations - 1) organization,
     generate_series(level.start, level.start + level.groups - 1) place;

-- Five draws, and every fourth group one more; those that come twice count once.
INSERT INTO nesting (parent_id, child_id)
SELECT DISTINCT pg_temp.id(organization, above.start + pg_temp.pick(id, 10 + draw, above.groups)), id
FROM team, generate_series(0, 5) draw, level above
WHERE above.level = greatest(0, team.level - CASE WHEN draw = 4 THEN 2 ELSE 1 END) AND team.level > 0
  AND (draw < 5 OR id % 4 = 0);
INSERT INTO nesting (parent_id, child_id)
SELECT id, pg_temp.id(pg_temp.pick(id, 20, organizations), start + pg_temp.pick(id, 21, level.groups))
FROM team, size, level WHERE team.level = 6 AND level.level = 7 AND pg_temp.pick(id, 22, 20) = 0;
INSERT INTO nesting (parent_id, child_id)
SELECT id, pg_temp.id(organization, above.start + pg_temp.pick(id, 10, above.groups))
FROM team, level above WHERE above.level = team.level - 1 AND team.level >= 6 AND pg_temp.pick(id, 30, 500) = 0;
INSERT INTO nesting (parent_id, child_id)
SELECT id, pg_temp.id(organization, 0) FROM team WHERE place = 48 AND organization % 100 = 0;
INSERT INTO nesting (parent_id, child_id) SELECT id, id FROM team WHERE pg_temp.pick(id, 31, 10000) = 0;

-- Users of the whole organization; the step has no divisor in common with 500.
INSERT INTO membership (group_id, user_id)
SELECT id, pg_temp.id(organization,
  (pg_temp.pick(id, 40, 500) + draw * (1 + 10 * pg_temp.pick(id, 41, 49) + 2 * pg_temp.pick(id, 42, 2))) % 500)
FROM generate_series(0, 58) draw CROSS JOIN LATERAL (SELECT * FROM team WHERE members > draw) having_as_many;

INSERT INTO granted (object_id, group_id)
SELECT DISTINCT object, pg_temp.id(object % organizations, pg_temp.pick(object, 50 + draw, 500))
FROM size, generate_series(1, size.groups) object, generate_series(0, 1) draw;
