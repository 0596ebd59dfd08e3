-- 5 million API keys, 3 million of them expired for more than 7 days, and 200,000 OAuth tokens on some of each.
CREATE TEMP TABLE size AS SELECT pg_temp.sized(50000) AS users, pg_temp.sized(5000000) AS keys,
  pg_temp.sized(200000) AS tokens;
SET session_replication_role = replica;

INSERT INTO users (id, email, username, deleted)
SELECT md5('user' || i)::uuid, 'user' || i || '@example.com', 'user' || i, i % 100 = 0
FROM size, generate_series(1, size.users) i;

-- A key's name is its number backwards: neighbours in the table are far from each other in the index.
INSERT INTO api_keys (id, hashed_secret, user_id, last_used, expires_at, created_at, updated_at, login_type,
  lifetime_seconds, ip_address, scope, token_name)
SELECT reverse(lpad(i::text, 10, '0')), decode(md5(i::text), 'hex'), md5('user' || 1 + pg_temp.pick(i, 1, size.users))::uuid,
       timestamptz '2024-01-01 UTC' + i % 300 * interval '1 day',
       CASE WHEN i % 10007 = 3 THEN 'infinity'
            WHEN i % 10009 = 0 THEN '-infinity'
            WHEN i % 5 < 3 THEN timestamptz '2024-01-01 UTC' + i % 300 * interval '1 day'
            WHEN i % 50 = 3 THEN date_trunc('day', now()) - interval '3 days'
            ELSE timestamptz '2100-01-01 UTC' END,
       timestamptz '2023-12-31 UTC', timestamptz '2023-12-31 12:00 UTC',
       CASE WHEN i % 10 = 4 THEN 'token' ELSE 'password' END::login_type, 86400 + i % 7,
       '10.0.0.0'::inet + i % 65536, CASE WHEN i % 10 = 9 THEN 'application_connect' ELSE 'all' END::api_key_scope,
       CASE WHEN i % 10 = 4 THEN 'token' || i ELSE '' END
FROM size, generate_series(1, size.keys) i;

INSERT INTO oauth2_provider_apps (id, name) VALUES (md5('app')::uuid, 'app');
INSERT INTO oauth2_provider_app_secrets (id, app_id) VALUES (md5('secret')::uuid, md5('app')::uuid);
INSERT INTO oauth2_provider_app_tokens
  (id, created_at, expires_at, hash_prefix, refresh_hash, app_secret_id, api_key_id, audience, user_id)
SELECT md5('token' || i)::uuid, k.created_at, k.created_at, decode(md5('token' || i), 'hex'), k.hashed_secret,
       md5('secret')::uuid, k.id, CASE WHEN i % 2 = 0 THEN 'https://example.com' END, k.user_id
FROM size, generate_series(1, size.tokens) i JOIN api_keys k ON k.id = reverse(lpad((25 * i - i % 5)::text, 10, '0'));
