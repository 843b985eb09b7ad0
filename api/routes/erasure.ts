/** Erasure of a terminal's personal data. */
import { eraseTpe } from '../../db/erasure.ts';
import { actorOf } from '../context.ts';
import { Problem } from '../errors.ts';
import { BASE } from '../links.ts';
import { defineRoute, type Route } from '../route.ts';
import { uuid, z } from '../schemas/common.ts';
import { erasureQuery, erasureRequest, erasureResult } from '../schemas/erasure.ts';
import { notValid } from '../validate.ts';

const erase = defineRoute({
  method: 'delete',
  path: `${BASE}/tpes/{tpeId}`,
  operationId: 'eraseTpe',
  tag: 'fleet',
  summary: 'Erase what is known about the user of a terminal',
  description:
    'For ever. The terminal stays under its id, without its site, tags and id at its TMS, so that campaigns keep their counts; what topics have about it is withdrawn by tombstones. It can not be imported again under this id. Repeating it does no harm.',
  params: z.strictObject({ tpeId: uuid }),
  query: erasureQuery,
  headers: z.object({
    'x-actor': z.string().optional().openapi({ description: 'Who erases; kept in the audit trail.' }),
  }),
  body: erasureRequest,
  bodyKind: 'optional-json',
  replies: { 200: { description: 'It is erased.', schema: erasureResult } },
  problems: ['not-found', 'terminals-busy'],
  async handle({ deps: { pool, config }, context, params: { tpeId }, query, body }) {
    const reason = body.reason ?? query.reason;
    if (reason === undefined)
      throw notValid('validation-failed', [{ pointer: '/reason', message: 'is required' }]);
    const { correlationId, traceparent } = context;
    const result = await eraseTpe(pool, {
      tpeId,
      actor: actorOf(context, body.by ?? query.by),
      reason,
      correlationId,
      traceparent,
      topicPrefix: config.kafka.topicPrefix,
    });
    if (result.outcome === 'unknown') {
      throw new Problem('not-found', {
        detail: `There is no terminal ${tpeId}.`,
        errors: [{ parameter: 'tpeId', message: 'is no terminal' }],
      });
    }
    if (result.outcome === 'busy') {
      const { campaignId } = result;
      throw new Problem('terminals-busy', {
        detail: `Campaign ${campaignId} is updating the terminal, or rolls it back: cancel it or wait. Nothing was erased.`,
        errors: [{ parameter: 'tpeId', message: `is being updated by campaign ${campaignId}` }],
        extensions: { count: 1, busy: [{ tpeId, campaignId }] },
      });
    }
    const { before, campaigns, deadLetters } = result;
    return { status: 200, body: { tpeId, erasedBefore: before, campaigns, deadLetters } };
  },
});

export const erasureRoutes: Route[] = [erase];
