import { DatabaseError } from 'pg';

/**
 * SQLSTATEs of a server that is away (08), starting or stopping (57P), full (53), or a stand-by that was asked to
 * write (25006): for the moment after a fail-over, the address still leads there.
 */
const DATABASE_AWAY = /^(08|53|57P|25006)/;
/** The driver's and the system's own words for it. */
const CONNECTION_LOST =
  /ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|[Cc]onnection terminated|is not queryable|timeout exceeded when trying to connect/;

/** Whether the database is away or can't do anything at the moment: the same request may succeed later. */
export function isDatabaseAway(error: unknown): boolean {
  if (error instanceof DatabaseError) return DATABASE_AWAY.test(error.code ?? '');
  if (error instanceof AggregateError) return error.errors.some(isDatabaseAway);
  if (!(error instanceof Error)) return false;
  return CONNECTION_LOST.test(`${(error as NodeJS.ErrnoException).code ?? ''} ${error.message}`);
}

/** Whether there is no room left on the database's disk: it can be read, but nothing can be written. */
export function isDatabaseFull(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === '53100';
}

/** SQLSTATEs of values that don't fit: data exceptions (22), broken constraints (23), limits of a row (54). */
const ABOUT_DATA = /^(22|23|54)/;

/** Whether the database refuses the values that it was given: the same request never succeeds. */
export function isAboutData(error: unknown): boolean {
  return error instanceof DatabaseError && ABOUT_DATA.test(error.code ?? '');
}
