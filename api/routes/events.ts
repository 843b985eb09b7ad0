/** The audit trail over all campaigns: searched, exported, and as the timeline of a terminal. */
import { exportEvents } from '../../db/event-export.ts';
import { listTpeEvents, searchEvents } from '../../db/event-search.ts';
import { findTpe } from '../../db/tpe.ts';
import { decodeCursor, NUMBER_FORM, toPage } from '../cursor.ts';
import { Problem } from '../errors.ts';
import { EventFile } from '../event-file.ts';
import { BASE } from '../links.ts';
import { defineRoute, type Route } from '../route.ts';
import { paging, uuid, z } from '../schemas/common.ts';
import { eventFilter, foundEventPage, timelinePage } from '../schemas/event.ts';

const search = defineRoute({
  method: 'get',
  path: `${BASE}/events`,
  operationId: 'searchEvents',
  tag: 'audit',
  summary: 'Search the audit trail: who did what, when and why',
  description:
    'All that is given must be met. `from` and `to` make it fast: other months are not looked into.',
  query: z.strictObject({
    ...eventFilter,
    order: z.enum(['asc', 'desc']).default('desc').openapi({ description: 'By `seq`; desc: newest first.' }),
    ...paging,
  }),
  replies: { 200: { description: 'A page of events.', schema: foundEventPage } },
  async handle({ deps: { pool }, query: { order, cursor, limit, ...filter } }) {
    // A cursor leads on in its own direction only.
    const [, after] = decodeCursor(cursor, [order === 'asc' ? /^asc$/ : /^desc$/, NUMBER_FORM]) ?? [];
    const rows = await searchEvents(pool, filter, { order, after, limit: limit + 1 });
    return { status: 200, body: toPage(rows, limit, (last) => [order, String(last.seq)]) };
  },
});

/** Exports of this process that are under way. */
let running = 0;

const exported = defineRoute({
  method: 'get',
  path: `${BASE}/events/export`,
  operationId: 'exportEvents',
  tag: 'audit',
  summary: 'The audit trail as a file',
  description:
    'The events that meet all that is given, as the database has them at one moment, in the order of `seq`; where only `from` and `to` are given, or nothing, in the order of the chain, those that are not sealed last. A line of NDJSON is an event as it was hashed, with `position`, `hash` and `previousHash`. An answer that breaks off is not complete. Each export holds a connection to the database, so few run at a time.',
  query: z.strictObject({
    format: z.enum(['ndjson', 'csv']).default('ndjson').openapi({
      description:
        'csv has a line of headings, and an apostrophe before what a spreadsheet would take for a formula.',
    }),
    ...eventFilter,
  }),
  replies: {
    200: {
      description: 'The file, as long as it takes. NDJSON, or CSV (RFC 4180) where that is asked for.',
      schema: z.string(),
      contentType: 'application/x-ndjson',
      headers: { 'Content-Disposition': 'A name for the file.' },
    },
  },
  problems: ['too-many-exports'],
  async handle({ deps: { pool, config }, query: { format, ...filter }, request, response }) {
    const file = new EventFile(response, format);
    if (request.method === 'HEAD') {
      file.begin();
      return file.end();
    }
    const most = Math.max(1, Math.floor(config.database.poolSize / 3));
    if (running >= most) {
      throw new Problem('too-many-exports', {
        detail: `${running} exports are under way, and no more run at a time.`,
        headers: { 'retry-after': '10' },
      });
    }
    running++;
    try {
      await exportEvents(pool, filter, (records) => file.write(records), { signal: file.gone });
      file.end();
    } catch (error) {
      // Nobody is left who could be told.
      if (!file.gone.aborted) throw error;
    } finally {
      running--;
    }
  },
});

const timeline = defineRoute({
  method: 'get',
  path: `${BASE}/tpes/{tpeId}/events`,
  operationId: 'listTpeEvents',
  tag: 'audit',
  summary: 'Everything that has happened to a terminal, over all campaigns',
  params: z.strictObject({ tpeId: uuid }),
  query: z.strictObject(paging),
  replies: {
    200: { description: 'A page of events with their campaigns, newest first.', schema: timelinePage },
  },
  problems: ['not-found'],
  async handle({ deps: { pool }, params: { tpeId }, query: { cursor, limit } }) {
    const [after] = decodeCursor(cursor, [NUMBER_FORM]) ?? [];
    const rows = await listTpeEvents(pool, tpeId, { after, limit: limit + 1 });
    if (rows.length === 0 && !(await findTpe(pool, tpeId))) {
      throw new Problem('not-found', {
        detail: `There is no terminal ${tpeId}.`,
        errors: [{ parameter: 'tpeId', message: 'is no terminal' }],
      });
    }
    return { status: 200, body: toPage(rows, limit, (last) => [String(last.seq)]) };
  },
});

export const eventRoutes: Route[] = [search, exported, timeline];
