-- What one would write by hand for Coder's prebuilds.
BEGIN;
CREATE TEMP TABLE wanted ON COMMIT DROP AS
SELECT DISTINCT t.organization_id
FROM template_version_presets p
JOIN template_versions v ON v.id = p.template_version_id
JOIN templates t ON t.id = v.template_id
WHERE p.desired_instances IS NOT NULL;

INSERT INTO organization_members (user_id, organization_id, created_at, updated_at)
SELECT 'c42fdf75-3097-471c-8c33-fb52454d81c0', organization_id, now(), now() FROM wanted
ON CONFLICT (organization_id, user_id) DO NOTHING;

INSERT INTO groups (id, name, display_name, organization_id, avatar_url, quota_allowance)
SELECT gen_random_uuid(), 'coderprebuiltworkspaces', 'Prebuilt Workspaces', organization_id, '', 0 FROM wanted
ON CONFLICT (name, organization_id) DO NOTHING;

INSERT INTO group_members (user_id, group_id)
SELECT 'c42fdf75-3097-471c-8c33-fb52454d81c0', g.id
FROM wanted JOIN groups g USING (organization_id) WHERE g.name = 'coderprebuiltworkspaces'
ON CONFLICT (user_id, group_id) DO NOTHING;
COMMIT;
