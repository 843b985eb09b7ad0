/** Simulated terminals of one TMS, under a clock that the test moves. */
import { simulatorConfigSchema, type VendorConfig } from '../../tms/simulator/config.ts';
import type { Terminal } from '../../tms/simulator/terminal.ts';
import { createVendor, type Vendor } from '../../tms/simulator/vendor.ts';

export const DAY = 86_400;
export const SEED = 7;

export interface World {
  vendor: Vendor;
  /** In seconds from the start. */
  clock: { time: number };
  terminal: (idTms: string) => Terminal;
  /** @returns the id of the operation, or the code of the refusal */
  ask: (idTms: string, key?: string | null, targetVersion?: string) => string;
  stateOf: (idTms: string) => string;
}

/** A terminal to which nothing has happened yet. */
export function newTerminal(tpeId: string, idTms: string): Terminal {
  return {
    tpeId,
    idTms,
    tms: 'acme',
    model: 'A920',
    site: 'Lyon-12',
    initialVersion: '4.1.0',
    operations: [],
    calls: { request: 0, observe: 0, cancel: 0, hardware: 0 },
  };
}

/** @param settings of the TMS; its terminals are T-0, T-1 … */
export function createWorld(settings: Record<string, unknown> = {}, terminals = 200): World {
  const config = simulatorConfigSchema.parse({ tms: [{ name: 'acme', ...settings }] }).tms[0] as VendorConfig;
  const clock = { time: 0 };
  const vendor = createVendor(
    config,
    SEED,
    { now: () => clock.time, toEpochMs: (seconds) => seconds * 1000 },
    { accepted: () => undefined, cancelled: () => undefined },
  );
  for (let n = 0; n < terminals; n++) vendor.register(newTerminal(`tpe-${n}`, `T-${n}`));
  return {
    vendor,
    clock,
    terminal(idTms) {
      const terminal = vendor.terminals.get(idTms);
      if (!terminal) throw new Error(`no terminal ${idTms}`);
      return terminal;
    },
    ask(idTms, key = `c:${idTms}:1`, targetVersion = '4.2.0') {
      const result = vendor.request({ idTms, targetVersion, key });
      return 'error' in result ? result.error.code : result.operationId;
    },
    stateOf: (idTms) => vendor.observe({ idTms, operationId: null }).state,
  };
}
