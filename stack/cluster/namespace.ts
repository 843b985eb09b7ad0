import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { StackError } from '../errors.ts';

/** How long closed workflows stay to be seen: a bank keeps its evidence in its own database, not here. */
const RETENTION_SECONDS = 7 * 24 * 3600;
/** A frontend answers before the rings of the others are known to it. */
const PATIENCE_MS = 60_000;
/** gRPC's status for what is there already. */
const ALREADY_EXISTS = 6;

/**
 * Makes a namespace on a new cluster; harmless where it exists.
 * @throws StackError when the cluster does not take it within a minute
 */
export async function ensureNamespace(
  address: string,
  namespace: string,
  signal?: AbortSignal,
): Promise<void> {
  const connection = await Connection.connect({ address, connectTimeout: '10s' });
  try {
    for (const deadline = Date.now() + PATIENCE_MS; ; await sleep(500, undefined, { signal })) {
      try {
        await connection.workflowService.registerNamespace({
          namespace,
          // The client's type asks for a `Long`, its encoder takes a number.
          workflowExecutionRetentionPeriod: { seconds: RETENTION_SECONDS as never },
        });
        return;
      } catch (error) {
        if ((error as { code?: number }).code === ALREADY_EXISTS) return;
        if (Date.now() < deadline) continue;
        throw new StackError(`The namespace ${namespace} can't be made: ${(error as Error).message}`, {
          cause: error,
        });
      }
    }
  } finally {
    await connection.close();
  }
}
