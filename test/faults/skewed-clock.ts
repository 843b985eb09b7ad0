/**
 * Loaded into a process before anything else (`--import`): its wall clock is off by as many milliseconds as the file
 * `SKEWED_CLOCK_FILE` says, from each writing of the file on. What measures time (timers, `performance.now()`) goes
 * right, as it does where somebody sets the clock of a machine.
 */
import { readFileSync, watch } from 'node:fs';

const file = process.env.SKEWED_CLOCK_FILE ?? '';
const trueNow = Date.now;
let aheadMs = read();

watch(file, { persistent: false }, () => (aheadMs = read()));

Date.now = () => trueNow() + aheadMs;

globalThis.Date = new Proxy(Date, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [target.now()] : args, newTarget) as Date,
  apply: (target) => new target(target.now()).toString(),
});

function read(): number {
  return Number(readFileSync(file, 'utf8'));
}
