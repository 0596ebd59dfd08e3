/**
 * Sets, dictionaries and the closure of memberships in plain Java: which users each group and each
 * object has. It uses no other room. Begin at {@code GroupUsers} and {@code ObjectUsers}.
 */
package backfill.membership;
