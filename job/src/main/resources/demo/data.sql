-- An installation of a given size; the same rows each time. Users sit in departments, a department's groups overlap, and
-- a product or a product type is granted to several groups of one department and to a few people besides.
-- Variables as psql has them: users, products, types, department_users, department_groups, group_users, group_grants.

-- A number from 0 to below - 1 that looks random and is always the same for the same words.
CREATE FUNCTION pg_temp.pick(words text, below integer) RETURNS integer LANGUAGE sql IMMUTABLE
AS $$ SELECT ('x' || left(md5(words), 7))::bit(28)::integer % below $$;

-- Every 17th has left: an inactive user keeps what was granted.
INSERT INTO auth_user (password, is_superuser, username, first_name, last_name, email, is_staff, is_active, date_joined)
SELECT '!', u = 1, 'user' || u, 'User', u::text, 'user' || u || '@example.org', u = 1, u % 17 <> 0,
       timestamptz '2020-01-01 00:00:00Z' + u * interval '1 hour'
FROM generate_series(1, :users) u;

INSERT INTO dojo_product_type (name) SELECT 'type' || t FROM generate_series(1, :types) t;

INSERT INTO dojo_product (name, description, prod_type_id)
SELECT 'product' || p, '', 1 + p % :types FROM generate_series(1, :products) p;

INSERT INTO dojo_dojo_group (name, description)
SELECT 'group' || g, 'department ' || 1 + (g - 1) / :department_groups
FROM generate_series(1, :users / :department_users * :department_groups) g;

-- Members are picked with repetition, so some are members twice, with two roles. Every 16th group has none.
INSERT INTO dojo_dojo_group_member (group_id, user_id, role_id)
SELECT g.id, 1 + (g.id - 1) / :department_groups * :department_users
               + pg_temp.pick(format('member %s of group %s', m, g.id), :department_users), 1 + m % 5
FROM dojo_dojo_group g, generate_series(1, :group_users) m
WHERE g.id % 16 <> 0
ORDER BY g.id, m;

INSERT INTO dojo_product_group (product_id, group_id, role_id)
SELECT p.id, 1 + p.id % (:users / :department_users) * :department_groups
               + pg_temp.pick(format('group %s of product %s', g, p.id), :department_groups), 1 + g % 5
FROM dojo_product p, generate_series(1, :group_grants) g
ORDER BY p.id, g;

INSERT INTO dojo_product_type_group (product_type_id, group_id, role_id)
SELECT t.id, 1 + t.id % (:users / :department_users) * :department_groups
               + pg_temp.pick(format('group %s of type %s', g, t.id), :department_groups), 1 + g % 5
FROM dojo_product_type t, generate_series(1, :group_grants) g
ORDER BY t.id, g;

-- Two people from anywhere and one of the department, who is in one of the groups as a rule; every 10th of them twice.
INSERT INTO dojo_product_member (product_id, user_id, role_id)
SELECT p.id, CASE WHEN m = 1 THEN 1 + p.id % (:users / :department_users) * :department_users
                                    + pg_temp.pick(format('lead of product %s', p.id), :department_users)
                  ELSE 1 + pg_temp.pick(format('member %s of product %s', m, p.id), :users) END, r
FROM dojo_product p, generate_series(1, 3) m, generate_series(4, CASE WHEN p.id % 10 = 0 THEN 5 ELSE 4 END) r
ORDER BY p.id, m, r;

INSERT INTO dojo_product_type_member (product_type_id, user_id, role_id)
SELECT t.id, 1 + pg_temp.pick(format('member %s of type %s', m, t.id), :users), 1 + m
FROM dojo_product_type t, generate_series(1, 2) m
ORDER BY t.id, m;

-- Each role for a few users and for a few groups, and a row without a role, which says nothing.
INSERT INTO dojo_global_role (user_id, role_id)
SELECT 1 + u * 3, CASE WHEN u < 20 THEN 1 + u % 5 END FROM generate_series(0, 20) u;
INSERT INTO dojo_global_role (group_id, role_id)
SELECT g, 1 + g % 5 FROM generate_series(1, 5) g;

-- Some have been given access already: pairs that the roles back, and pairs that someone made by hand, which nothing
-- backs and the backfill leaves.
INSERT INTO dojo_product_authorized_users (product_id, dojo_user_id)
SELECT DISTINCT product_id, user_id FROM dojo_product_member WHERE product_id % 20 = 1 ORDER BY 1, 2;
INSERT INTO dojo_product_authorized_users (product_id, dojo_user_id)
SELECT DISTINCT p.id, 1 + pg_temp.pick(format('guest of product %s', p.id), :users)
FROM dojo_product p WHERE p.id % 50 = 2
ORDER BY 1, 2
ON CONFLICT DO NOTHING;
INSERT INTO dojo_product_type_authorized_users (product_type_id, dojo_user_id)
SELECT DISTINCT product_type_id, user_id FROM dojo_product_type_member WHERE product_type_id % 20 = 1 ORDER BY 1, 2;

DROP FUNCTION pg_temp.pick;
