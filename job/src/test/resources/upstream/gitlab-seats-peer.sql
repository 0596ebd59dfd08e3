-- What one would write by hand for GitLab's seats: one upsert in the order of its index, of what is absent or differs.
BEGIN;
SET LOCAL work_mem = '256MB';
WITH membership AS (
  SELECT CASE m.source_type WHEN 'Namespace' THEN g.traversal_ids[1] ELSE home.traversal_ids[1] END AS root_id,
         m.user_id, max(m.access_level) AS level
  FROM members m
  LEFT JOIN namespaces g ON m.source_type = 'Namespace' AND g.id = m.source_id AND g.type = 'Group'
  LEFT JOIN projects p ON m.source_type = 'Project' AND p.id = m.source_id
  LEFT JOIN namespaces home ON home.id = p.namespace_id
  WHERE m.user_id IS NOT NULL AND m.state = 0 AND m.requested_at IS NULL AND m.invite_token IS NULL
  GROUP BY 1, 2
), wanted AS (
  SELECT root.id AS namespace_id, root.organization_id, m.user_id,
         CASE WHEN u.user_type IN (1, 2, 3, 6, 7, 8, 9, 10, 11, 13, 16) THEN 3
              WHEN coalesce(plan.name, 'free') = 'free' THEN 0
              WHEN m.level = 5 THEN 1
              WHEN m.level NOT IN (10, 15, 20, 30, 40, 50) THEN NULL
              WHEN plan.name NOT IN ('gold', 'ultimate', 'ultimate_trial') THEN 0
              WHEN m.level = 10 THEN 1
              WHEN m.level = 15 THEN 2
              ELSE 0 END::smallint AS seat_type
  FROM membership m
  JOIN namespaces root ON root.id = m.root_id AND root.type = 'Group'
  JOIN users u ON u.id = m.user_id
  LEFT JOIN gitlab_subscriptions s ON s.namespace_id = root.id
  LEFT JOIN plans plan ON plan.id = s.hosted_plan_id
)
INSERT INTO subscription_seat_assignments AS seat
  (namespace_id, organization_id, user_id, seat_type, created_at, updated_at)
SELECT w.namespace_id, w.organization_id, w.user_id, w.seat_type, now(), now()
FROM wanted w
LEFT JOIN subscription_seat_assignments s ON s.namespace_id = w.namespace_id AND s.user_id = w.user_id
WHERE w.seat_type IS NOT NULL
  AND (s.id IS NULL OR (s.organization_id, s.seat_type) IS DISTINCT FROM (w.organization_id, w.seat_type))
ORDER BY w.namespace_id, w.user_id
ON CONFLICT (namespace_id, user_id) WHERE namespace_id IS NOT NULL
DO UPDATE SET organization_id = excluded.organization_id, seat_type = excluded.seat_type, updated_at = excluded.updated_at
WHERE (seat.organization_id, seat.seat_type) IS DISTINCT FROM (excluded.organization_id, excluded.seat_type);
COMMIT;
