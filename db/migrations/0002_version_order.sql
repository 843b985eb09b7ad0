-- The order of versions: numbers compare as numbers (4.9 < 4.10), missing ones count as 0 (4.2 = 4.2.0), what
-- follows a plus sign counts for nothing, and what has a suffix after a hyphen comes before the same without
-- it (4.2.0-rc1 < 4.2.0). Null for what is no version of this form: it is neither below nor above any other.
CREATE FUNCTION version_key(version text) RETURNS bigint[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT CASE WHEN version ~ '^[0-9]{1,15}(\.[0-9]{1,15})*([-+].*)?$' THEN
    array_append(
      string_to_array(regexp_replace(substring(version FROM '^[0-9.]+'), '(\.0+)+$', ''), '.')::bigint[],
      CASE WHEN split_part(version, '+', 1) LIKE '%-%' THEN -1 ELSE 0 END)
  END
$$;
