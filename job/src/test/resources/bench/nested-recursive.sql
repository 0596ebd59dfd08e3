WITH RECURSIVE below (top_id, group_id) AS (
  SELECT group_id, group_id FROM granted
  UNION
  SELECT top_id, child_id FROM below JOIN nesting ON parent_id = group_id
),
closed AS (SELECT DISTINCT top_id, user_id FROM below JOIN membership USING (group_id))
SELECT count(*) FROM (
  SELECT DISTINCT object_id, user_id FROM granted JOIN closed ON top_id = group_id
) pairs
