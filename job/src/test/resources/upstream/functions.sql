-- What the *-large.sql count with: the session says bench.scale, 1 being the size of a large installation.
CREATE FUNCTION pg_temp.sized(full_size bigint) RETURNS bigint LANGUAGE sql STABLE AS
  $$ SELECT greatest(1, ceil(full_size * current_setting('bench.scale')::numeric))::bigint $$;

-- One of 0 … n-1, scattered, and the same for the same arguments each time.
CREATE FUNCTION pg_temp.pick(i bigint, seed bigint, n bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS
  $$ SELECT (hashint8extended(i, seed) & 4611686018427387903) % n $$;
