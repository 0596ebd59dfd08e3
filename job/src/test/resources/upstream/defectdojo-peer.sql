-- What one would write by hand for DefectDojo: one statement for each table, in the order of its index.
BEGIN;
SET LOCAL work_mem = '256MB';
INSERT INTO dojo_product_authorized_users (product_id, dojo_user_id)
SELECT DISTINCT product_id, user_id
FROM (SELECT product_id, user_id FROM dojo_product_member
      UNION ALL
      SELECT g.product_id, m.user_id FROM dojo_product_group g JOIN dojo_dojo_group_member m USING (group_id)) pair
ORDER BY 1, 2 ON CONFLICT DO NOTHING;
INSERT INTO dojo_product_type_authorized_users (product_type_id, dojo_user_id)
SELECT DISTINCT product_type_id, user_id
FROM (SELECT product_type_id, user_id FROM dojo_product_type_member
      UNION ALL
      SELECT g.product_type_id, m.user_id
      FROM dojo_product_type_group g JOIN dojo_dojo_group_member m USING (group_id)) pair
ORDER BY 1, 2 ON CONFLICT DO NOTHING;
COMMIT;
