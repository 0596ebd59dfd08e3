-- tables
CREATE TYPE "MembershipRole" AS ENUM ('MEMBER', 'ADMIN', 'OWNER', 'GUEST');
CREATE TABLE "EventType" (id serial PRIMARY KEY, "teamId" integer, hidden boolean NOT NULL DEFAULT false);
CREATE TABLE "Membership" ("teamId" integer NOT NULL, "userId" integer NOT NULL, accepted boolean NOT NULL DEFAULT false,
  role "MembershipRole" NOT NULL, PRIMARY KEY ("userId", "teamId"));
CREATE TABLE "EventTypeViewer" ("eventTypeId" integer NOT NULL REFERENCES "EventType" ON DELETE CASCADE, "userId" integer NOT NULL,
  "byHand" boolean NOT NULL DEFAULT false, PRIMARY KEY ("eventTypeId", "userId"));
INSERT INTO "EventType" ("teamId", hidden) SELECT CASE WHEN i % 9 > 0 THEN i % 6 END, i % 7 = 0 FROM generate_series(1, 40) i;
INSERT INTO "Membership" SELECT i % 7, i, i % 5 > 0, (enum_range(NULL::"MembershipRole"))[1 + i % 4] FROM generate_series(1, 80) i;
INSERT INTO "EventTypeViewer" SELECT id, 500, id % 2 = 0 FROM "EventType" WHERE id < 10;
-- churn
UPDATE "Membership" SET accepted = NOT accepted WHERE "userId" % 6 = 0;
UPDATE "Membership" SET role = 'GUEST' WHERE "userId" % 13 = 0;
DELETE FROM "EventType" WHERE id = 4;
UPDATE "EventType" SET "teamId" = 6 WHERE id % 10 = 0;
-- present
SELECT "eventTypeId", "userId", "byHand" FROM "EventTypeViewer" ORDER BY 1, 2
-- expected
SELECT DISTINCT e.id, m."userId", false FROM "EventType" e JOIN "Membership" m ON m."teamId" = e."teamId"
WHERE NOT e.hidden AND m.accepted AND m.role <> 'GUEST'
UNION ALL
SELECT "eventTypeId", "userId", true FROM "EventTypeViewer" WHERE "byHand"
ORDER BY 1, 2
