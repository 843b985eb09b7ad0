/** The chain over all events: its end, to be kept elsewhere, and the months that have left the database. */
import { listEventArchives } from '../../db/event-archive.ts';
import { readChainHead, readSealingState } from '../../db/event-chain.ts';
import { inSnapshot } from '../../db/pool.ts';
import { BASE } from '../links.ts';
import { defineRoute, type Route } from '../route.ts';
import { auditArchives, auditHead } from '../schemas/event.ts';

const head = defineRoute({
  method: 'get',
  path: `${BASE}/audit/head`,
  operationId: 'getAuditHead',
  tag: 'audit',
  summary: 'The end of the chain over all events',
  description:
    'Whoever keeps position and hash somewhere else can prove later that nothing up to there was changed.',
  replies: { 200: { description: 'The last event that is sealed, and what waits.', schema: auditHead } },
  async handle({ deps: { pool } }) {
    const body = await inSnapshot(pool, async (db) => {
      const { position, hash, sealedAt } = await readChainHead(db);
      const { unsealed, lagSeconds } = await readSealingState(db);
      return { position, hash, sealedAt: position === 0 ? null : sealedAt, unsealed, lagSeconds };
    });
    return { status: 200, body };
  },
});

const archives = defineRoute({
  method: 'get',
  path: `${BASE}/audit/archives`,
  operationId: 'listAuditArchives',
  tag: 'audit',
  summary: 'The months of events that have left the database',
  replies: { 200: { description: 'All, the oldest first.', schema: auditArchives } },
  async handle({ deps: { pool } }) {
    const rows = await listEventArchives(pool);
    const items = rows.map(({ ends: _ends, month, ...row }) => ({ month: month.slice(0, 7), ...row }));
    return { status: 200, body: { items } };
  },
});

export const auditRoutes: Route[] = [head, archives];
