/** Takes a whole fleet file into the database, or nothing of it. */
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { stringify } from 'csv-stringify';
import { DatabaseError } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { isErased } from './erasure.ts';
import { inTransaction, type Pool, type Queryable } from './pool.ts';
import { isBusy } from './skip-reason.ts';

/** A line of the file that is right by itself. */
export interface ImportLine {
  /** Counts from 1; the header is line 1. */
  line: number;
  tpeId: string;
  idTms: string;
  tms: string;
  model: string;
  site: string;
  /** Null leaves what is there. */
  version: string | null;
  tags: readonly string[];
}

export interface ImportFault {
  line: number;
  column: string | null;
  message: string;
}

export interface Faults {
  /** As many as are listed, by line. */
  faults: readonly ImportFault[];
  /** Number of all. */
  count: number;
}

export interface ImportResult {
  /** Lines in the file. */
  imported: number;
  inserted: number;
  updated: number;
  unchanged: number;
}

/** Faults of the file as a whole; thrown to undo what was written. */
export class ImportRefused extends Error {
  override name = 'ImportRefused';
  readonly faults: readonly ImportFault[];
  /** Number of all faults; `faults` may hold fewer. */
  readonly count: number;

  constructor(faults: readonly ImportFault[], count: number) {
    super(`the file has ${count} faults`);
    this.faults = faults;
    this.count = count;
  }
}

/** Another import has changed the same terminals at the same time. */
export class ImportConflict extends Error {
  override name = 'ImportConflict';
}

export interface ImportOptions {
  /** Whether the file says anything about tags; if not, they are left as they are. */
  hasTags: () => boolean;
  /** What was wrong with single lines; asked when all have been read. */
  lineFaults: () => Faults;
  /** Most faults to list. */
  maxFaults: number;
}

/** Parts the tags where they travel as one text. */
const TAG_SEPARATOR = '\u001f';
/** Milliseconds that an upload may take. */
const UPLOAD_MS = 3_600_000;

/**
 * Copies the lines into a temporary table, checks them against one another and against the fleet, and makes
 * them part of it; all in one transaction. However long the file is, it is never in memory as a whole.
 * @throws ImportRefused, ImportConflict
 */
export async function importTpes(
  pool: Pool,
  lines: AsyncIterable<ImportLine>,
  { hasTags, lineFaults, maxFaults }: ImportOptions,
): Promise<ImportResult> {
  try {
    return await inTransaction(pool, async (client) => {
      await client.query(`
        CREATE TEMP TABLE import (line integer, tpe_id uuid, id_tms text, tms text, model text, site text,
                                  version text, tags text) ON COMMIT DROP`);
      // It lasts as long as the upload does, whose pace is not ours.
      const unhurried = { query_timeout: UPLOAD_MS };
      const copy = client.query(Object.assign(copyFrom('COPY import FROM STDIN (FORMAT csv)'), unhurried));
      await pipeline(lines as unknown as Readable, toRows, stringify(), copy);
      await client.query(
        'CREATE INDEX ON import (tpe_id); CREATE INDEX ON import (tms, id_tms); ANALYZE import',
      );
      refuse([lineFaults(), await findFaults(client, maxFaults)], maxFaults);
      return merge(client, hasTags());
    });
  } catch (error) {
    const concurrent = error instanceof DatabaseError && /^(23505|40P01)$/.test(error.code ?? '');
    throw concurrent ? new ImportConflict('the fleet has changed meanwhile', { cause: error }) : error;
  }
}

async function* toRows(lines: AsyncIterable<ImportLine>): AsyncGenerator<unknown[]> {
  for await (const { line, tpeId, idTms, tms, model, site, version, tags } of lines) {
    yield [line, tpeId, idTms, tms, model, site, version, tags.join(TAG_SEPARATOR)];
  }
}

function refuse(found: readonly Faults[], maxFaults: number): void {
  const count = found.reduce((sum, each) => sum + each.count, 0);
  if (count === 0) return;
  const faults = found.flatMap((each) => each.faults).sort((a, b) => a.line - b.line);
  throw new ImportRefused(faults.slice(0, maxFaults), count);
}

/** What no line shows by itself: lines that say the same terminal twice, or take another terminal's id. */
async function findFaults(db: Queryable, maxFaults: number): Promise<Faults> {
  const { rows } = await db.query<ImportFault & { count: number }>(
    `WITH fault AS (
       SELECT line, 'tpeId' AS "column", 'is the same as in line ' || first AS message
       FROM (SELECT line, min(line) OVER (PARTITION BY tpe_id) AS first FROM import) AS i WHERE line > first
       UNION ALL
       SELECT line, 'idTms', 'is the same as in line ' || first || ', of the same TMS'
       FROM (SELECT line, min(line) OVER (PARTITION BY tms, id_tms) AS first FROM import) AS i WHERE line > first
       UNION ALL
       SELECT i.line, 'idTms', 'is the id of terminal ' || t.tpe_id || ' at the same TMS'
       FROM import i JOIN tpe t ON t.tms = i.tms AND t.id_tms = i.id_tms AND t.tpe_id <> i.tpe_id
       UNION ALL
       SELECT i.line, CASE WHEN t.tms <> i.tms THEN 'tms' ELSE 'idTms' END,
              'can not change while campaign ' || c.campaign_id || ' updates the terminal'
       FROM import i JOIN tpe t ON t.tpe_id = i.tpe_id AND (t.tms, t.id_tms) <> (i.tms, i.id_tms)
       JOIN campaign_tpe c ON c.tpe_id = t.tpe_id AND ${isBusy('c')}
       UNION ALL
       SELECT i.line, 'tpeId', 'was erased and can not come back under this id: give the terminal a new one'
       FROM import i JOIN tpe t ON t.tpe_id = i.tpe_id AND ${isErased('t')}
     )
     SELECT *, count(*) OVER ()::integer AS count FROM fault ORDER BY line, "column" LIMIT $1`,
    [maxFaults],
  );
  const faults = rows.map(({ line, column, message }) => ({ line, column, message }));
  return { faults, count: rows[0]?.count ?? 0 };
}

/** A version in the file is what the terminal runs, as far as the bank knows; the Hardware-API corrects it. */
async function merge(db: Queryable, hasTags: boolean): Promise<ImportResult> {
  const { rows } = await db.query<ImportResult>(
    `WITH changed AS (
       INSERT INTO tpe AS t (tpe_id, id_tms, tms, model, site, version_courante, tags)
       SELECT tpe_id, id_tms, tms, model, site, version, coalesce(string_to_array(tags, $2), '{}')
       FROM import ORDER BY tpe_id
       ON CONFLICT (tpe_id) DO UPDATE
       SET id_tms = excluded.id_tms, tms = excluded.tms, model = excluded.model, site = excluded.site,
           version_courante = coalesce(excluded.version_courante, t.version_courante),
           tags = CASE WHEN $1 THEN excluded.tags ELSE t.tags END
       -- Asked again of the row itself: it may have been erased since the lines were checked.
       WHERE NOT (${isErased('t')}) AND (t.id_tms, t.tms, t.model, t.site, t.version_courante, t.tags) IS DISTINCT FROM
             (excluded.id_tms, excluded.tms, excluded.model, excluded.site,
              coalesce(excluded.version_courante, t.version_courante),
              CASE WHEN $1 THEN excluded.tags ELSE t.tags END)
       -- A row that was inserted, not updated, has no earlier version of itself.
       RETURNING xmax = 0 AS inserted
     ), tally AS (
       SELECT (SELECT count(*) FROM import) AS imported, count(*) FILTER (WHERE inserted) AS inserted,
              count(*) FILTER (WHERE NOT inserted) AS updated
       FROM changed
     )
     SELECT imported::integer, inserted::integer, updated::integer, (imported - inserted - updated)::integer AS unchanged
     FROM tally`,
    [hasTags, TAG_SEPARATOR],
  );
  return rows[0] ?? { imported: 0, inserted: 0, updated: 0, unchanged: 0 };
}
