-- Coder's API keys before migration 000371, with what refers to them; empty.
CREATE TYPE api_key_scope AS ENUM ('all', 'application_connect');
CREATE TYPE login_type AS ENUM ('password', 'github', 'oidc', 'token', 'none', 'oauth2_provider_app');

CREATE TABLE users (
  id        uuid PRIMARY KEY,
  email     text NOT NULL,
  username  text NOT NULL DEFAULT '',
  deleted   boolean NOT NULL DEFAULT false,
  is_system boolean NOT NULL DEFAULT false
);

CREATE TABLE api_keys (
  id               text PRIMARY KEY,
  hashed_secret    bytea NOT NULL,
  user_id          uuid NOT NULL,
  last_used        timestamptz NOT NULL,
  expires_at       timestamptz NOT NULL,
  created_at       timestamptz NOT NULL,
  updated_at       timestamptz NOT NULL,
  login_type       login_type NOT NULL,
  lifetime_seconds bigint NOT NULL DEFAULT 86400,
  ip_address       inet NOT NULL DEFAULT '0.0.0.0',
  scope            api_key_scope NOT NULL DEFAULT 'all',
  token_name       text NOT NULL DEFAULT '',
  CONSTRAINT api_keys_user_id_uuid_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);
CREATE INDEX api_keys_last_used_idx ON api_keys (last_used DESC);
CREATE INDEX idx_api_keys_user ON api_keys (user_id);
CREATE UNIQUE INDEX idx_api_key_name ON api_keys (user_id, token_name) WHERE login_type = 'token';

CREATE FUNCTION insert_apikey_fail_if_user_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (SELECT deleted FROM users WHERE id = NEW.user_id) THEN
    RAISE EXCEPTION 'Cannot create API key for deleted user';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER trigger_insert_apikeys BEFORE INSERT ON api_keys
FOR EACH ROW EXECUTE FUNCTION insert_apikey_fail_if_user_deleted();

CREATE TABLE oauth2_provider_apps (
  id   uuid PRIMARY KEY,
  name varchar(64) NOT NULL
);

CREATE TABLE oauth2_provider_app_secrets (
  id     uuid PRIMARY KEY,
  app_id uuid NOT NULL REFERENCES oauth2_provider_apps (id) ON DELETE CASCADE
);

-- No index leads to api_key_id: each key that goes looks through all tokens.
CREATE TABLE oauth2_provider_app_tokens (
  id            uuid PRIMARY KEY,
  created_at    timestamptz NOT NULL,
  expires_at    timestamptz NOT NULL,
  hash_prefix   bytea NOT NULL,
  refresh_hash  bytea NOT NULL,
  app_secret_id uuid NOT NULL,
  api_key_id    text NOT NULL,
  audience      text,
  user_id       uuid NOT NULL,
  CONSTRAINT oauth2_provider_app_tokens_hash_prefix_key UNIQUE (hash_prefix),
  CONSTRAINT oauth2_provider_app_tokens_app_secret_id_fkey
    FOREIGN KEY (app_secret_id) REFERENCES oauth2_provider_app_secrets (id) ON DELETE CASCADE,
  CONSTRAINT oauth2_provider_app_tokens_api_key_id_fkey
    FOREIGN KEY (api_key_id) REFERENCES api_keys (id) ON DELETE CASCADE,
  CONSTRAINT fk_oauth2_provider_app_tokens_user_id FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE FUNCTION delete_deleted_oauth2_provider_app_token_api_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM api_keys WHERE id = OLD.api_key_id;
  RETURN OLD;
END $$;

CREATE TRIGGER trigger_delete_oauth2_provider_app_token AFTER DELETE ON oauth2_provider_app_tokens
FOR EACH ROW EXECUTE FUNCTION delete_deleted_oauth2_provider_app_token_api_key();
