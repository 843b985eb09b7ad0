/** A TMS calls back: the terminals that it names are looked at, at once. What it says is not believed. */
import { WorkflowNotFoundError } from '@temporalio/client';
import pLimit from 'p-limit';
import { findReported, type ReportedTpe } from '../../db/tpe.ts';
import { SIGNATURE_HEADER, verifyCallback } from '../../tms/signature.ts';
import { statusReportedSignal } from '../../workflows/messages.ts';
import { tpeWorkflowId } from '../../workflows/names.ts';
import type { ApiDependencies } from '../context.ts';
import { Problem } from '../errors.ts';
import { BASE } from '../links.ts';
import { defineRoute, type Route } from '../route.ts';
import { z } from '../schemas/common.ts';
import { tmsEvents, tmsEventsAccepted } from '../schemas/tms.ts';
import { temporalUnavailable, withinDeadline } from '../temporal.ts';
import { validate } from '../validate.ts';

/** Signals under way at once, of one call-back. */
const CONCURRENCY = 16;

const receive = defineRoute({
  method: 'post',
  path: `${BASE}/tms/{name}/events`,
  operationId: 'receiveTmsEvents',
  tag: 'tms',
  summary: 'Take the signed call-back of a TMS',
  description:
    'Each terminal that is named is looked at, at once; what the TMS says is only a hint. A repeated call-back does no harm. The signature is `t=<unix seconds>,v1=<hex HMAC-SHA-256 of "<t>.<body>">` under the shared secret, at most 5 minutes old.',
  params: z.strictObject({ name: z.string().max(31) }),
  headers: z.object({
    [SIGNATURE_HEADER]: z.string().optional().openapi({ description: 'Required; `t=…,v1=…`.' }),
  }),
  body: tmsEvents,
  bodyKind: 'raw-json',
  bodyLimit: 1024 * 1024,
  replies: { 202: { description: 'Taken.', schema: tmsEventsAccepted } },
  problems: ['not-found', 'callbacks-not-configured', 'invalid-signature', 'temporal-unavailable'],
  async handle({ deps, params: { name }, headers, request }) {
    const raw = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    requireSigned(deps, name, headers[SIGNATURE_HEADER], raw);
    const { events } = validate(tmsEvents, parseJson(raw), 'body');
    const reports = events.map(({ idTms, operationId }) => ({ idTms, operationId: operationId ?? null }));
    const concerned = await findReported(deps.pool, name, reports);
    const states = new Map(events.map((event) => [event.idTms, event]));
    const signalled = await signalAll(deps, concerned, ({ idTms }) => ({
      state: states.get(idTms)?.state,
      at: states.get(idTms)?.occurredAt,
    }));
    return { status: 202, body: { signalled, ignored: events.length - signalled } };
  },
});

function requireSigned(
  { config }: ApiDependencies,
  name: string,
  signature: string | undefined,
  raw: Buffer,
): void {
  const tms = config.tms.find((each) => each.name === name);
  if (!tms) {
    throw new Problem('not-found', {
      detail: `There is no TMS ${name}.`,
      errors: [{ parameter: 'name', message: 'is no TMS' }],
    });
  }
  if (tms.callbackSecret === undefined) {
    throw new Problem('callbacks-not-configured', {
      detail: `The TMS ${name} has no callbackSecret in TMS_CONFIG.`,
    });
  }
  const verdict = verifyCallback(tms.callbackSecret, signature, raw);
  if (verdict.valid) return;
  throw new Problem('invalid-signature', {
    detail: `The signature is not valid: ${verdict.reason}.`,
    errors: [{ header: SIGNATURE_HEADER, message: verdict.reason }],
    headers: { 'www-authenticate': `TMS-Signature header="${SIGNATURE_HEADER}"` },
  });
}

function parseJson(raw: Buffer): unknown {
  if (raw.length === 0) return undefined;
  try {
    return JSON.parse(raw.toString());
  } catch (error) {
    throw new Problem(
      'malformed-json',
      { detail: `The body is not valid JSON: ${(error as Error).message}.` },
      error,
    );
  }
}

/** @returns how many trackers were told; one that does not exist yet, or no more, is no error */
async function signalAll(
  { temporal, config }: ApiDependencies,
  concerned: readonly ReportedTpe[],
  reportOf: (tpe: ReportedTpe) => { state?: string | undefined; at?: string | undefined },
): Promise<number> {
  const limit = pLimit({ concurrency: CONCURRENCY, rejectOnClear: true });
  const signal = async (tpe: ReportedTpe): Promise<number> => {
    const handle = temporal.workflow.getHandle(tpeWorkflowId(tpe.campaignId, tpe.tpeId));
    const { state, at } = reportOf(tpe);
    try {
      await withinDeadline(temporal, () =>
        handle.signal(statusReportedSignal, { ...(state && { state }), ...(at && { at }) }),
      );
      return 1;
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return 0;
      throw error;
    }
  };
  try {
    const told = await Promise.all(concerned.map((tpe) => limit(() => signal(tpe))));
    return told.reduce((sum, each) => sum + each, 0);
  } catch (error) {
    // The rest would fail the same way, each after its own deadline.
    limit.clearQueue();
    throw temporalUnavailable(error, config.temporal.address);
  }
}

export const tmsEventRoutes: Route[] = [receive];
