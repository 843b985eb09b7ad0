/**
 * Preloaded (`--import`) by the orchestrator and by its workflow threads. The Temporal SDK gives each call into a workflow five
 * seconds, by an option of `node:vm` for which Node starts a thread of its own: 0.2 ms of a core and half a millisecond of the
 * workflow thread, six times for each workflow that is loaded and dropped again. Calls that run
 * a workflow keep it; the SDK's own bookkeeping goes without, and with it the loading of our modules, which only define things. A call that this doesn't know keeps its limit.
 */
import { Script, type Context, type RunningScriptInNewContextOptions } from 'node:vm';

/** How the SDK names its calls that run no workflow: setting one up, reading out its commands, dropping it. */
const BOOKKEEPING: ReadonlySet<unknown> = new Set([
  'initRuntime',
  'initialize',
  'concludeActivation',
  'dispose',
]);

// oxlint-disable-next-line typescript/unbound-method -- it is called with its own `this` below
const { runInContext } = Script.prototype;

Script.prototype.runInContext = function (context: Context, options?: RunningScriptInNewContextOptions) {
  const call: unknown = (context.__temporal_args as readonly unknown[] | undefined)?.[1];
  if (!options || !BOOKKEEPING.has(call)) return runInContext.call(this, context, options);
  const { timeout: _, ...unlimited } = options;
  return runInContext.call(this, context, unlimited);
};
