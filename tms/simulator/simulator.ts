/** Puts the simulated TMSs, the Hardware-API and the fleet together behind two HTTP ports. */
import { answerAdminCall, type Admin } from './admin-routes.ts';
import { createCallbacks, type Callbacks } from './callbacks.ts';
import { startClock } from './clock.ts';
import type { SimulatorConfig } from './config.ts';
import { createGate, type Gate } from './faults.ts';
import { createFleet, loadFleet } from './fleet.ts';
import { createHardware } from './hardware.ts';
import { serve, type Call, type Reply } from './http.ts';
import { answerTmsCall } from './tms-routes.ts';
import { createVendor, type Vendor } from './vendor.ts';

export interface Simulator {
  /** Every TMS under its own path: `http://127.0.0.1:<tmsPort>/<name>`. */
  tmsPort: number;
  hardwarePort: number;
  /** Terminals registered at the start. */
  terminals: number;
  /** Stops listening, drops open connections and gives up call-backs that are not told yet. */
  close(): Promise<void>;
}

/**
 * Starts the simulator in this process.
 * @param ports 0 takes any free one
 * @throws Error saying which port is taken or which line of the fleet is wrong
 */
export async function startSimulator(
  config: SimulatorConfig,
  ports: { tmsPort: number; hardwarePort: number },
): Promise<Simulator> {
  const { seed } = config;
  const clock = startClock(config.speed);
  const vendors = new Map<string, Vendor>();
  const gates = new Map<string, Gate>();
  const callbacks: Callbacks[] = [];
  const fleet = createFleet(vendors);
  const close = async (): Promise<void> => {
    await Promise.all([
      ...servers.map((server) => server.close()),
      ...callbacks.map((sender) => sender.close()),
    ]);
  };
  const servers: Awaited<ReturnType<typeof serve>>[] = [];

  for (const vendorConfig of config.tms) {
    const { name } = vendorConfig;
    if (vendors.has(name)) throw new Error(`Two simulated TMSs are named ${name}.`);
    const sender = createCallbacks(vendorConfig.callbacks, seed, clock, () => vendor.stats);
    const vendor = createVendor(vendorConfig, seed, clock, sender);
    callbacks.push(sender);
    vendors.set(name, vendor);
    gates.set(name, createGate(vendorConfig));
  }
  const hardware = createHardware(config.hardware, seed, fleet, clock);
  const admin: Admin = { vendors, gates, fleet, hardware, clock };
  try {
    const terminals = loadFleet(fleet, config.fleet);
    const tms = await serve(ports.tmsPort, answerTms);
    servers.push(tms);
    const terminalsApi = await serve(ports.hardwarePort, (call) => hardware.answer(call));
    servers.push(terminalsApi);
    return { tmsPort: tms.port, hardwarePort: terminalsApi.port, terminals, close };
  } catch (error) {
    await close();
    throw error;
  }

  function answerTms(call: Call): Reply {
    const [name = '', ...below] = call.segments;
    const vendor = vendors.get(name);
    const gate = gates.get(name);
    if (vendor && gate) return answerTmsCall(vendor, gate, seed, clock, { ...call, segments: below });
    const reply = answerAdminCall(admin, call);
    if (reply) return reply;
    const known = [...vendors.keys()].map((path) => `/${path}`).join(', ');
    const message = `There is nothing here. The TMSs are at ${known}; the simulator's own paths are /stats, /stats/reset, /terminals, /fleet, /faults, /healthz.`;
    return { status: 404, body: { error: { code: 'no-such-path', message } } };
  }
}
