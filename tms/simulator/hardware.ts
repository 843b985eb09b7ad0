/** The simulated Hardware-API: `GET /tpe/{tpeId}/status` says what a terminal really runs. */
import type { SimulatorConfig } from './config.ts';
import type { Clock } from './clock.ts';
import { decideHardware } from './fate.ts';
import type { Fleet } from './fleet.ts';
import type { Call, Reply } from './http.ts';
import { isOffline, runningVersion } from './terminal.ts';

export interface Hardware {
  /** Can be changed at run time; `hang` answers nobody. */
  behaviour: SimulatorConfig['hardware'] & { hang: boolean };
  stats: { calls: number; unreachable: number };
  answer(call: Call): Reply;
}

/** Simulated seconds that a terminal has been up when the simulation starts. */
const UP_AT_START = 86_400;

export function createHardware(
  config: SimulatorConfig['hardware'],
  seed: number,
  fleet: Fleet,
  clock: Clock,
): Hardware {
  const hardware: Hardware = {
    behaviour: { ...config, hang: false },
    stats: { calls: 0, unreachable: 0 },
    answer,
  };
  return hardware;

  function answer(call: Call): Reply {
    const [tpe, tpeId = '', status] = call.segments;
    if (call.method === 'GET' && tpe === 'healthz') return { status: 200, body: { status: 'up' } };
    if (call.method !== 'GET' || tpe !== 'tpe' || status !== 'status') {
      return refuse(404, 'no-such-path', 'This API answers GET /tpe/{tpeId}/status.');
    }
    hardware.stats.calls++;
    const terminal = fleet.terminals.get(tpeId);
    if (!terminal) return refuse(404, 'unknown-terminal', `No terminal ${tpeId} is known.`);
    const now = clock.now();
    const { latencyMs, reached, battery } = decideHardware(
      hardware.behaviour,
      seed,
      tpeId,
      ++terminal.calls.hardware,
    );
    if (hardware.behaviour.hang) return { status: 200, body: null, delivery: 'never' };
    if (!reached || isOffline(terminal, now)) {
      hardware.stats.unreachable++;
      return { ...refuse(504, 'unreachable', 'The terminal does not answer.'), delayMs: latencyMs };
    }
    const { version, since } = runningVersion(terminal, now);
    // A finished installation restarts the terminal.
    const uptimeSeconds = Math.round(now - since + (since === 0 ? UP_AT_START : 0));
    return {
      status: 200,
      body: { runningVersion: version, battery, uptimeSeconds, lastSeen: new Date().toISOString() },
      delayMs: latencyMs,
    };
  }
}

function refuse(status: number, code: string, message: string): Reply {
  return { status, body: { error: { code, message } } };
}
