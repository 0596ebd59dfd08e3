CREATE TABLE membership (group_id integer NOT NULL, user_id integer NOT NULL);
CREATE TABLE nesting (parent_id integer NOT NULL, child_id integer NOT NULL);
CREATE TABLE granted (object_id integer NOT NULL, group_id integer NOT NULL);
CREATE TABLE access (object_id integer NOT NULL, user_id integer NOT NULL, PRIMARY KEY (object_id, user_id));
