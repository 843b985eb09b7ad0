/** Probes and metrics. */
import { readMetrics } from '../metrics.ts';
import type { ApiDependencies } from '../context.ts';
import { defineRoute, type Route } from '../route.ts';
import { z } from '../schemas/common.ts';

/** A part that has not answered after this long counts as away. */
const CHECK_TIMEOUT_MS = 2_000;

const part = z.object({
  status: z.enum(['up', 'down']),
  milliseconds: z.number(),
  error: z.string().optional(),
});

const readiness = z
  .object({ status: z.enum(['ready', 'not ready']), checks: z.object({ database: part, temporal: part }) })
  .openapi('Readiness');

const healthz = defineRoute({
  method: 'get',
  path: '/healthz',
  operationId: 'health',
  tag: 'operation',
  summary: 'Whether the process lives',
  replies: { 200: { description: 'It does.', schema: z.object({ status: z.literal('up') }) } },
  handle: async () => ({ status: 200, body: { status: 'up' } }),
});

const readyz = defineRoute({
  method: 'get',
  path: '/readyz',
  operationId: 'readiness',
  tag: 'operation',
  summary: 'Whether the API can do its work',
  replies: {
    200: { description: 'Database and Temporal answer.', schema: readiness },
    503: { description: 'One of them does not.', schema: readiness },
  },
  async handle({ deps }) {
    const [database, temporal] = await Promise.all([
      check(() => deps.pool.query('SELECT 1')),
      check(() => pingTemporal(deps)),
    ]);
    const ready = database.status === 'up' && temporal.status === 'up';
    return {
      status: ready ? 200 : 503,
      body: { status: ready ? 'ready' : 'not ready', checks: { database, temporal } },
    };
  },
});

function pingTemporal({ temporal, config }: ApiDependencies): Promise<unknown> {
  return temporal.withDeadline(Date.now() + CHECK_TIMEOUT_MS, () =>
    temporal.workflowService.describeNamespace({ namespace: config.temporal.namespace }),
  );
}

async function check(call: () => Promise<unknown>): Promise<z.output<typeof part>> {
  const from = performance.now();
  const done = (): number => Math.round((performance.now() - from) * 10) / 10;
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${CHECK_TIMEOUT_MS} ms`)), CHECK_TIMEOUT_MS);
  });
  try {
    await Promise.race([call(), tooLate]);
    return { status: 'up', milliseconds: done() };
  } catch (error) {
    return {
      status: 'down',
      milliseconds: done(),
      error: error instanceof Error ? error.message : String(error),
    };
  } finally {
    clearTimeout(timer);
  }
}

const metrics = defineRoute({
  method: 'get',
  path: '/metrics',
  operationId: 'metrics',
  tag: 'operation',
  summary: 'Metrics for Prometheus',
  replies: { 200: { description: 'Prometheus text format.', schema: z.string(), contentType: 'text/plain' } },
  async handle({ deps, response }) {
    const { contentType, text } = await readMetrics(deps.pool);
    response.set('content-type', contentType).send(text);
  },
});

export const operationRoutes: Route[] = [healthz, readyz, metrics];
