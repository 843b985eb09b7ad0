/** The API of the terminals themselves: what counts as the truth about the version that runs. */
import PQueue from 'p-queue';
import { Pool } from 'undici';
import { z } from 'zod';
import type { Config } from '../config.ts';

const statusSchema = z.object({
  runningVersion: z.string().min(1),
  /** Per cent. */
  battery: z.number().min(0).max(100),
  /** Seconds since the terminal started. */
  uptimeSeconds: z.number().nonnegative(),
  lastSeen: z.iso.datetime({ offset: true }),
});

export type HardwareStatus =
  | ({ reachable: true } & z.infer<typeof statusSchema>)
  /** `reason` is for people: "no answer in 2000 ms", "answered 504". */
  | { reachable: false; reason: string };

export interface HardwareApi {
  /**
   * What the terminal reports now. A terminal that can't be reached is an answer like any other, and so is an
   * API that is down or answers nonsense: none of them throws.
   * @throws the signal's reason when aborted
   */
  status(tpeId: string, options?: { signal?: AbortSignal }): Promise<HardwareStatus>;
  close(): Promise<void>;
}

/** Opens no connection yet; they are made when first used. */
export function createHardwareApi({ url, timeoutMs, concurrency }: Config['hardwareApi']): HardwareApi {
  const base = new URL(url);
  const prefix = base.pathname.replace(/\/$/, '');
  const pool = new Pool(base.origin, {
    connections: concurrency,
    pipelining: 1,
    connect: { timeout: timeoutMs },
  });
  const queue = new PQueue({ concurrency });
  return {
    status: (tpeId, { signal } = {}) =>
      queue.add(
        () => ask(`${prefix}/tpe/${encodeURIComponent(tpeId)}/status`, signal),
        signal ? { signal } : {},
      ),
    close: () => pool.destroy(),
  };

  async function ask(path: string, signal: AbortSignal | undefined): Promise<HardwareStatus> {
    const late = AbortSignal.timeout(timeoutMs);
    try {
      const response = await pool.request({
        method: 'GET',
        path,
        headers: { accept: 'application/json' },
        signal: signal ? AbortSignal.any([signal, late]) : late,
      });
      const text = await response.body.text();
      if (response.statusCode !== 200) return unreachable(`answered ${response.statusCode}`);
      const status = statusSchema.safeParse(parseJson(text));
      return status.success
        ? { reachable: true, ...status.data }
        : unreachable(`answered what is no status: ${z.prettifyError(status.error)}`);
    } catch (error) {
      if (late.aborted) return unreachable(`no answer in ${timeoutMs} ms`);
      return unreachable((error as NodeJS.ErrnoException).code ?? (error as Error).message);
    }
  }
}

function unreachable(reason: string): HardwareStatus {
  return { reachable: false, reason };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text.slice(0, 80);
  }
}
