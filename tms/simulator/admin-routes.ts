/** What tests, benches and the demo ask of the simulator itself, at the root of the TMS port. */
import { z } from 'zod';
import type { Clock } from './clock.ts';
import { behaviourSchema } from './config.ts';
import { faultsSchema, type Gate } from './faults.ts';
import type { Fleet } from './fleet.ts';
import type { Hardware } from './hardware.ts';
import { BadRequest, parseJson, type Call, type Reply } from './http.ts';
import { emptyStats, sumStats, type VendorStats } from './stats.ts';
import { realState, runningVersion, type Terminal } from './terminal.ts';
import type { Vendor } from './vendor.ts';

export interface Admin {
  vendors: ReadonlyMap<string, Vendor>;
  gates: ReadonlyMap<string, Gate>;
  fleet: Fleet;
  hardware: Hardware;
  clock: Clock;
}

/** The answer of `GET /stats`: the sum over all TMSs, each of them, and the Hardware-API. */
export type SimulatorStats = VendorStats & {
  byTms: Record<string, VendorStats>;
  hardware: { calls: number; unreachable: number };
};

/** One terminal in the answer of `GET /terminals`. */
export interface TerminalTruth {
  tpeId: string;
  idTms: string;
  tms: string;
  /** What it really runs. */
  version: string;
  /** Every operation that the TMS has accepted for it, oldest first, as it really is. */
  operations: { operationId: string; targetVersion: string; state: string; key: string | null }[];
}

/** @returns undefined where the path is none of the simulator's own */
export function answerAdminCall(admin: Admin, call: Call): Reply | undefined {
  switch (`${call.method} /${call.segments.join('/')}`) {
    case 'GET /healthz':
      return { status: 200, body: { status: 'up', terminals: admin.fleet.terminals.size } };
    case 'GET /stats':
      return { status: 200, body: readStats(admin) };
    case 'POST /stats/reset':
      for (const vendor of admin.vendors.values()) vendor.stats = emptyStats();
      admin.hardware.stats = { calls: 0, unreachable: 0 };
      return { status: 200, body: readStats(admin) };
    case 'GET /terminals':
      return { status: 200, body: { terminals: listTerminals(admin, call.query) } };
    case 'POST /fleet':
      return { status: 200, body: { registered: register(admin.fleet, call) } };
    case 'POST /faults':
      return { status: 200, body: setFaults(admin, call.body) };
    default:
      return undefined;
  }
}

function readStats({ vendors, hardware }: Admin): SimulatorStats {
  const byTms = Object.fromEntries([...vendors].map(([name, { stats }]) => [name, stats]));
  return { ...sumStats(Object.values(byTms)), byTms, hardware: hardware.stats };
}

/** Filters: `tms`, `idTms` and `tpeId` (both may be repeated), `version` (really running). */
function listTerminals({ fleet, clock }: Admin, query: URLSearchParams): TerminalTruth[] {
  const now = clock.now();
  const tpeIds = query.getAll('tpeId');
  const idTms = new Set(query.getAll('idTms'));
  const candidates =
    tpeIds.length > 0
      ? tpeIds.flatMap((tpeId) => fleet.terminals.get(tpeId) ?? [])
      : [...fleet.terminals.values()];
  return candidates
    .filter((terminal) => !query.has('tms') || terminal.tms === query.get('tms'))
    .filter((terminal) => idTms.size === 0 || idTms.has(terminal.idTms))
    .map((terminal) => describe(terminal, now))
    .filter(({ version }) => !query.has('version') || version === query.get('version'));
}

function describe(terminal: Terminal, now: number): TerminalTruth {
  const { tpeId, idTms, tms } = terminal;
  return {
    tpeId,
    idTms,
    tms,
    version: runningVersion(terminal, now).version,
    operations: terminal.operations.map((operation) => ({
      operationId: operation.operationId,
      targetVersion: operation.targetVersion,
      state: realState(operation, now),
      key: operation.key,
    })),
  };
}

/** Takes CSV (`text/csv`) or `{ "terminals": [...] }`. */
function register(fleet: Fleet, { headers, body }: Call): number {
  try {
    if (headers['content-type']?.startsWith('text/csv')) return fleet.registerCsv(body);
    const { terminals } = z.object({ terminals: z.array(z.unknown()) }).parse(parseJson(body));
    return fleet.register(terminals);
  } catch (error) {
    throw new BadRequest((error as Error).message);
  }
}

function setFaults({ vendors, gates, hardware }: Admin, body: string): unknown {
  const parsed = faultsSchema.safeParse(parseJson(body));
  if (!parsed.success) throw new BadRequest(z.prettifyError(parsed.error));
  const { tms, behaviour, outage, answer, hardware: changed } = parsed.data;
  if (tms !== undefined && !vendors.has(tms)) throw new BadRequest(`No TMS ${tms} is simulated.`);
  const chosen = tms === undefined ? [...vendors.keys()] : [tms];
  for (const name of chosen) {
    const vendor = vendors.get(name);
    const gate = gates.get(name);
    if (!vendor || !gate) continue;
    const merged = behaviourSchema.safeParse({ ...vendor.behaviour, ...behaviour });
    if (!merged.success) throw new BadRequest(`behaviour: ${z.prettifyError(merged.error)}`);
    vendor.behaviour = merged.data;
    if (outage !== undefined) gate.outage = outage;
    if (answer !== undefined) gate.answer = answer;
  }
  hardware.behaviour = { ...hardware.behaviour, ...changed };
  return {
    tms: Object.fromEntries(
      chosen.map((name) => [
        name,
        {
          outage: gates.get(name)?.outage,
          answer: gates.get(name)?.answer,
          behaviour: vendors.get(name)?.behaviour,
        },
      ]),
    ),
    hardware: hardware.behaviour,
  };
}
