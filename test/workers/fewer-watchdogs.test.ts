import { createContext, Script } from 'node:vm';
import * as calls from '@temporalio/workflow/lib/worker-interface.js';
import { beforeAll, describe, expect, it } from 'vitest';

/** Calls of the SDK that run what we have written. */
const OURS = ['activate', 'tryUnblockConditions'];
const BOOKKEEPING = ['initRuntime', 'initialize', 'concludeActivation', 'dispose'];

beforeAll(() => import('../../workers/fewer-watchdogs.ts'));

/** As the SDK does it, see its `reusable-vm.js`. */
function call(name: unknown, code: string, timeout: number): unknown {
  const context = createContext({ __temporal_args: [{}, name, []] });
  return new Script(code).runInContext(context, { timeout, displayErrors: true });
}

describe('the limit of a call into a workflow', () => {
  it.each(OURS)('ends %s when it hangs', (name) => {
    expect(() => call(name, 'for (;;) {}', 50)).toThrow('Script execution timed out after 50ms');
  });

  // Node refuses a limit of -1 wherever it is to keep it.
  it.each(BOOKKEEPING)('is not kept for %s', (name) => {
    expect(call(name, '6 * 7', -1)).toBe(42);
  });

  it.each([...OURS, 'aNewOne', undefined])('is kept for %s', (name) => {
    expect(() => call(name, '6 * 7', -1)).toThrow('"options.timeout" is out of range');
  });

  it('is decided for each call that the SDK has', () => {
    // The SDK runs `destroy` once, when a worker ends, and not in this way.
    expect(Object.keys(calls).sort()).toEqual([...OURS, ...BOOKKEEPING, 'destroy'].sort());
  });
});
