-- DefectDojo's permissions, of a size that the session says: departments of bench.department users, each with
-- bench.groups_per_department groups of bench.group_size of them; a product, or product type, has bench.groups_per_object
-- groups of its department and three direct members. Hash functions alone draw, so the rows are the same each time.
CREATE TEMP TABLE size AS
SELECT current_setting('bench.users')::integer AS users, current_setting('bench.products')::integer AS products,
       current_setting('bench.product_types')::integer AS types, current_setting('bench.department')::integer AS n,
       current_setting('bench.users')::integer / current_setting('bench.department')::integer AS departments,
       current_setting('bench.groups_per_department')::integer AS gd, current_setting('bench.group_size')::integer AS m,
       current_setting('bench.groups_per_object')::integer AS k;
SET session_replication_role = replica;

INSERT INTO auth_user
  (id, username, password, is_superuser, first_name, last_name, email, is_staff, is_active, date_joined)
SELECT i, 'user' || i, '!', false, '', '', '', false, true, timestamptz '2024-01-01 UTC'
FROM size, generate_series(1, size.users) i;
INSERT INTO dojo_product_type (id, name) SELECT i, 'type' || i FROM size, generate_series(1, size.types) i;
INSERT INTO dojo_product (id, name, description, prod_type_id)
SELECT i, 'product' || i, '', 1 + i % size.types FROM size, generate_series(1, size.products) i;

INSERT INTO dojo_dojo_group (id, name)
SELECT i, 'group' || i FROM size, generate_series(1, size.departments * size.gd) i;
INSERT INTO dojo_dojo_group_member (group_id, user_id, role_id)
SELECT g, 1 + (((g - 1) / gd * n + j)::bigint * 7919 + 12345) % users, 1 + j % 5
FROM (SELECT g, j, row_number() OVER (PARTITION BY g ORDER BY hashint4extended(j, g)) AS place
      FROM size, generate_series(1, size.departments * size.gd) g, generate_series(0, size.n - 1) j) drawn, size
WHERE place <= size.m ORDER BY hashint4extended(j, g * 31 + 7);

INSERT INTO dojo_product_group (product_id, group_id, role_id)
SELECT p, p % departments * gd + (abs(hashint4(p)) + j) % gd + 1, 1 + j % 5
FROM size, generate_series(1, size.products) p, generate_series(0, size.k - 1) j ORDER BY hashint4extended(p, j);
INSERT INTO dojo_product_type_group (product_type_id, group_id, role_id)
SELECT t, t * 13 % departments * gd + (abs(hashint4(t)) + j) % gd + 1, 1 + j % 5
FROM size, generate_series(1, size.types) t, generate_series(0, size.k - 1) j ORDER BY hashint4extended(t, j);

-- One direct member of the department, and two of anywhere.
INSERT INTO dojo_product_member (product_id, user_id, role_id)
SELECT p, CASE WHEN j = 0 THEN 1 + ((p % departments * n + abs(hashint4(p)::bigint) % n) * 7919 + 12345) % users
               ELSE 1 + abs(hashint4extended(p, j) % users) END, 1 + j % 5
FROM size, generate_series(1, size.products) p, generate_series(0, 2) j ORDER BY hashint4extended(p, j + 100);
INSERT INTO dojo_product_type_member (product_type_id, user_id, role_id)
SELECT t, CASE WHEN j = 0 THEN 1 + ((t * 13 % departments * n + abs(hashint4(t)::bigint) % n) * 7919 + 12345) % users
               ELSE 1 + abs(hashint4extended(t, j + 50) % users) END, 1 + j % 5
FROM size, generate_series(1, size.types) t, generate_series(0, 2) j ORDER BY hashint4extended(t, j + 100);
