-- DefectDojo's permissions, where a thousand products are ordinary, with three direct members and a group of ten users
-- each, and others are not: the group 1 has bench.large_group users and bench.large_group_products products of its own,
-- and one product more has bench.large_product direct members.
CREATE TEMP TABLE size AS
SELECT current_setting('bench.users')::integer AS users, 1000 AS products,
       current_setting('bench.large_group')::integer AS large_group,
       current_setting('bench.large_group_products')::integer AS large_group_products,
       current_setting('bench.large_product')::integer AS large_product;
SET session_replication_role = replica;

INSERT INTO auth_user
  (id, username, password, is_superuser, first_name, last_name, email, is_staff, is_active, date_joined)
SELECT i, 'user' || i, '!', false, '', '', '', false, true, timestamptz '2024-01-01 UTC'
FROM size, generate_series(1, size.users) i;
INSERT INTO dojo_product_type (id, name) VALUES (1, 'type1');
INSERT INTO dojo_product (id, name, description, prod_type_id)
SELECT i, 'product' || i, '', 1 FROM size, generate_series(1, size.products + size.large_group_products + 1) i;

INSERT INTO dojo_dojo_group (id, name) SELECT i, 'group' || i FROM size, generate_series(1, size.products + 1) i;
INSERT INTO dojo_dojo_group_member (group_id, user_id, role_id)
SELECT 1, u, 5 FROM size, generate_series(1, size.large_group) u ORDER BY hashint4extended(u, 1);
INSERT INTO dojo_dojo_group_member (group_id, user_id, role_id)
SELECT 1 + p, 1 + pg_temp.pick(p, j, users), 5 FROM size, generate_series(1, size.products) p, generate_series(1, 10) j;

INSERT INTO dojo_product_group (product_id, group_id, role_id)
SELECT p, 1 + p, 2 FROM size, generate_series(1, size.products) p;
INSERT INTO dojo_product_group (product_id, group_id, role_id)
SELECT size.products + i, 1, 2 FROM size, generate_series(1, size.large_group_products) i;
INSERT INTO dojo_product_member (product_id, user_id, role_id)
SELECT p, 1 + pg_temp.pick(p, 100 + j, users), 5 FROM size, generate_series(1, size.products) p, generate_series(1, 3) j;
INSERT INTO dojo_product_member (product_id, user_id, role_id)
SELECT size.products + size.large_group_products + 1, u, 5
FROM size, generate_series(1, size.large_product) u ORDER BY hashint4extended(u, 2);
