/**
 * Preloaded (`--import`) by the orchestrator and by its workflow threads. The Temporal SDK notes, for every promise of every
 * workflow, the stack at which it was made, for the query `__stack_trace`. That is six tenths of the processor time of
 * starting or replaying a tracker and half of its memory. Where Node has no promise hooks the SDK goes without, and says so
 * to whoever asks for a stack trace; here it is told that there are none. What a workflow waits for is in its current details.
 */
import v8 from 'node:v8';

v8.promiseHooks.createHook = () => {
  throw new Error('Stack traces of workflows are turned off.');
};
