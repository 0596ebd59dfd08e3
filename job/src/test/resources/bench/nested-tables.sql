-- Five levels, which the plan without levels does not read.
CREATE TABLE membership (
  group_id integer NOT NULL, user_id integer NOT NULL,
  level smallint GENERATED ALWAYS AS (user_id % 5 * 10 + 10) STORED NOT NULL);
CREATE TABLE nesting (parent_id integer NOT NULL, child_id integer NOT NULL);
CREATE TABLE granted (
  object_id integer NOT NULL, group_id integer NOT NULL,
  level smallint GENERATED ALWAYS AS ((object_id + group_id) % 5 * 10 + 10) STORED NOT NULL);
CREATE TABLE access (object_id integer NOT NULL, user_id integer NOT NULL, PRIMARY KEY (object_id, user_id));
CREATE TABLE access_level (
  object_id integer NOT NULL, user_id integer NOT NULL, level smallint NOT NULL, PRIMARY KEY (object_id, user_id));
