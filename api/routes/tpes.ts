/** The fleet: import, list, read. */
import type { Pool } from '../../db/pool.ts';
import { findTpe, listTpeCampaigns, listTpes } from '../../db/tpe.ts';
import type { TpeFilter } from '../../db/tpe-filter.ts';
import { ImportConflict, ImportRefused, importTpes } from '../../db/tpe-import.ts';
import { summariseTpes } from '../../db/tpe-summary.ts';
import { decodeCursor, toPage, UUID_FORM } from '../cursor.ts';
import { Problem } from '../errors.ts';
import { FleetFile } from '../fleet-file.ts';
import { BASE, campaignTpeLinks } from '../links.ts';
import { defineRoute, type Route } from '../route.ts';
import { readRule } from '../rules.ts';
import { paging, uuid, z } from '../schemas/common.ts';
import { importFile, importResult, tpeDetail, tpeFilter, tpePage, tpeSummary } from '../schemas/tpe.ts';

/** Faults that one answer lists. */
const MAX_FAULTS = 1000;

const importFleet = defineRoute({
  method: 'post',
  path: `${BASE}/tpes/import`,
  operationId: 'importTpes',
  tag: 'fleet',
  summary: 'Import terminals from a CSV file',
  description:
    'Of any size. Every bad line is reported with its number; if there is one, nothing is imported.',
  body: importFile,
  bodyKind: 'csv-stream',
  replies: { 200: { description: 'The whole file is imported.', schema: importResult } },
  problems: ['import-refused', 'import-conflict'],
  async handle({ deps: { pool }, request }) {
    const file = new FleetFile(request, MAX_FAULTS);
    try {
      const result = await importTpes(pool, file.lines(), {
        hasTags: () => file.hasTags,
        lineFaults: () => file.faults(),
        maxFaults: MAX_FAULTS,
      });
      return { status: 200, body: result };
    } catch (error) {
      throw toProblem(error);
    }
  },
});

function toProblem(error: unknown): unknown {
  if (error instanceof ImportConflict) {
    const detail =
      'Another import changed the same terminals at the same time. Nothing was imported: try again.';
    return new Problem('import-conflict', { detail }, error);
  }
  if (!(error instanceof ImportRefused)) return error;
  const { faults, count } = error;
  const listed = count > faults.length ? `; the first ${faults.length} are listed` : '';
  return new Problem('import-refused', {
    detail: `The file has ${count} ${count === 1 ? 'error' : 'errors'}${listed}. Nothing was imported.`,
    errors: [...faults],
    extensions: { errorCount: count },
  });
}

const list = defineRoute({
  method: 'get',
  path: `${BASE}/tpes`,
  operationId: 'listTpes',
  tag: 'fleet',
  summary: 'List terminals',
  description: 'All that is given must be met.',
  query: z.strictObject({ ...tpeFilter, ...paging }),
  replies: { 200: { description: 'A page of terminals, by id.', schema: tpePage } },
  problems: ['rule-invalid'],
  async handle({ deps: { pool }, query: { cursor, limit, ...asked } }) {
    const [after] = decodeCursor(cursor, [UUID_FORM]) ?? [];
    const filter = await readFilter(pool, asked);
    const rows = await listTpes(pool, { ...filter, after, limit: limit + 1 });
    const page = toPage(rows, limit, (last) => [last.tpeId]);
    const items = page.items.map((row) => ({ ...row, links: { self: `${BASE}/tpes/${row.tpeId}` } }));
    return { status: 200, body: { items, nextCursor: page.nextCursor } };
  },
});

const summary = defineRoute({
  method: 'get',
  path: `${BASE}/tpes/summary`,
  operationId: 'summariseTpes',
  tag: 'fleet',
  summary: 'Terminals by version, model, site and TMS',
  description: 'Of the terminals that the list has with the same parameters.',
  query: z.strictObject(tpeFilter),
  replies: { 200: { description: 'How many there are of each.', schema: tpeSummary } },
  problems: ['rule-invalid'],
  async handle({ deps: { pool }, query }) {
    return { status: 200, body: await summariseTpes(pool, await readFilter(pool, query)) };
  },
});

/** @throws Problem `rule-invalid` */
async function readFilter(pool: Pool, { rule, ...rest }: TpeFilter): Promise<TpeFilter> {
  if (rule === undefined) return rest;
  return { ...rest, rule: (await readRule(pool, rule, { parameter: 'rule' })).text };
}

const read = defineRoute({
  method: 'get',
  path: `${BASE}/tpes/{tpeId}`,
  operationId: 'getTpe',
  tag: 'fleet',
  summary: 'A terminal and its campaigns',
  params: z.strictObject({ tpeId: uuid }),
  replies: { 200: { description: 'The terminal.', schema: tpeDetail } },
  problems: ['not-found'],
  async handle({ deps: { pool, config }, params: { tpeId } }) {
    const [row, history] = await Promise.all([findTpe(pool, tpeId), listTpeCampaigns(pool, tpeId)]);
    if (!row) {
      throw new Problem('not-found', {
        detail: `There is no terminal ${tpeId}.`,
        errors: [{ parameter: 'tpeId', message: 'is no terminal' }],
      });
    }
    const campaigns = history.map((each) => ({
      ...each,
      links: {
        self: `${BASE}/campaigns/${each.campaignId}`,
        temporal: campaignTpeLinks(config.temporal, each.campaignId, tpeId).temporal,
      },
    }));
    return { status: 200, body: { ...row, links: { self: `${BASE}/tpes/${tpeId}` }, campaigns } };
  },
});

export const tpeRoutes: Route[] = [importFleet, list, summary, read];
