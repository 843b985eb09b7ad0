import { StackError } from './errors.ts';
import type { Task } from './progress.ts';

/** What fetching a part is given. */
export interface FetchContext {
  /** Where to say what takes long. */
  task: Pick<Task, 'update'>;
  /** Aborted when the person has had enough. */
  signal?: AbortSignal;
}

/** One way to get a part: gives null where it does not apply here, throws where it failed. */
export interface Source<T> {
  name: string;
  get(): Promise<T | null>;
}

/**
 * The part from the first source that has it.
 * @param remedy what a person can do when none has
 * @throws StackError that says for each source why it did not do
 */
export async function firstOf<T>(
  part: string,
  remedy: string,
  sources: readonly Source<T>[],
  signal?: AbortSignal,
): Promise<T> {
  const reasons: string[] = [];
  const logs: string[] = [];
  for (const source of sources) {
    try {
      const found = await source.get();
      if (found !== null) return found;
      reasons.push(`${source.name}: not found`);
    } catch (error) {
      signal?.throwIfAborted();
      reasons.push(`${source.name}: ${(error as Error).message}`);
      if (error instanceof StackError && error.log) logs.push(error.log);
    }
  }
  throw new StackError(`${part} can't be had (${reasons.join('; ')}).`, { remedy, log: logs.join('\n') });
}
