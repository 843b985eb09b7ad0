/**
 * The reference protocol: a vendor's REST API of the usual kind, described in `docs/adding-a-tms.md`. The
 * adapter validates every answer against these shapes; the simulator speaks them.
 */
import { z } from 'zod';

const operationState = z.enum([
  'QUEUED',
  'DOWNLOADING',
  'INSTALLING',
  'DONE',
  'FAILED',
  'CANCELLED',
  'UNKNOWN',
]);

/** `POST /updates` → 202. */
export const acceptedSchema = z.object({ operationId: z.string().min(1) });

/** The body of a 404, 409 or 422: the TMS won't do it. */
export const refusalSchema = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

const ofTerminal = { idTms: z.string() };

/** `POST /updates:batch` → 200, one result per update, in order. */
export const batchSchema = z.object({
  results: z.array(z.union([acceptedSchema.extend(ofTerminal), refusalSchema.extend(ofTerminal)])),
});

/** `GET /operations/{id}`, `GET /terminals/{idTms}/operation` → 200. */
export const reportSchema = z.object({
  idTms: z.string(),
  operationId: z.string().nullable(),
  state: operationState,
  targetVersion: z.string().nullable(),
  reason: z.string().nullable(),
});

/** `POST /operations:query` → 200, one report per operation, in order. */
export const reportsSchema = z.object({ operations: z.array(reportSchema) });

/** `POST …/cancel` → 200. */
export const cancelSchema = z.object({ outcome: z.enum(['cancelled', 'too-late', 'unknown']) });

/** `POST /operations:cancel` → 200, one result per operation, in order. */
export const cancelsSchema = z.object({ results: z.array(cancelSchema.extend(ofTerminal)) });

/** `GET /terminals?cursor=&limit=` → 200. */
export const inventorySchema = z.object({
  terminals: z.array(
    z.object({
      idTms: z.string(),
      model: z.string(),
      version: z.string(),
      lastSeen: z.string().nullable(),
    }),
  ),
  cursor: z.string().nullable(),
});
