-- The rows that are there, with users and products known by a uuid instead of a number: the same grants, and as many pairs.
CREATE FUNCTION pg_temp.keyed(id integer) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$ SELECT md5(id::text)::uuid $$;
CREATE TEMP TABLE foreign_key AS
SELECT c.conrelid::regclass AS source, c.conname AS name, a.attname AS column_name, pg_get_constraintdef(c.oid) AS definition
FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
WHERE c.contype = 'f' AND c.confrelid IN ('auth_user'::regclass, 'dojo_product'::regclass);
DO $$
DECLARE
  k record;
BEGIN
  FOR k IN SELECT * FROM foreign_key LOOP
    EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', k.source, k.name);
  END LOOP;
  FOR k IN SELECT DISTINCT source, column_name FROM foreign_key LOOP
    EXECUTE format('ALTER TABLE %s ALTER %I TYPE uuid USING pg_temp.keyed(%2$I)', k.source, k.column_name);
  END LOOP;
  FOR k IN SELECT unnest(ARRAY['auth_user', 'dojo_product']) AS target LOOP
    EXECUTE format('ALTER TABLE %I ALTER id DROP IDENTITY', k.target);
    EXECUTE format('ALTER TABLE %I ALTER id TYPE uuid USING pg_temp.keyed(id)', k.target);
  END LOOP;
  FOR k IN SELECT * FROM foreign_key LOOP
    EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I %s', k.source, k.name, k.definition);
  END LOOP;
END $$;
