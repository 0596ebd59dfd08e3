/**
 * Keys that are no integers: how texts, uuids and keys of several columns are held as bytes, told
 * apart, and numbered by a dictionary. It uses no other room. Begin at {@code KeyDictionary}.
 */
package backfill.membership.key;
