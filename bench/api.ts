/**
 * Latency of the API at steady rates while a campaign runs and the fleet has 100,000 terminals: the list of campaigns, a
 * campaign, a page of its terminals, its statistics, and the first event of its live progress. The baseline is `/healthz`
 * of the same process, at the same rates.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import autocannon from 'autocannon';
import { Pool as HttpPool } from 'undici';
import { percentile, positive, progress } from './boundary.ts';
import {
  addFleet,
  type BenchPlatform,
  call,
  type CampaignView,
  positiveNumber,
  round,
  trigger,
  withPlatform,
} from './campaign-bench.ts';
import { cpuSeconds, cpuSince } from './processes.ts';

/** Each sends one request after the other. */
const CONNECTIONS = 8;
/** At this rate p95 has a figure to keep. */
const JUDGED_RATE = 100;
const BASELINE = 'healthz';
/** Seconds over which the terminals of the campaign settle: longer than everything that is measured takes. */
const SETTLING_SECONDS = 900;

interface Latency {
  requests: number;
  errors: number;
  p50Ms: number;
  p95Ms: number;
  p99Ms: number;
}

type Measure = (rate: number, seconds: number) => Promise<Latency>;

export async function run(args: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args,
    options: {
      terminals: { type: 'string', default: '3000' },
      fleet: { type: 'string', default: '100000' },
      rates: { type: 'string', default: '50,100,200' },
      seconds: { type: 'string', default: '15' },
    },
  });
  const [terminals, fleetSize] = [positive(values.terminals), positive(values.fleet)];
  const rates = values.rates.split(',').map(positive);
  const seconds = positiveNumber(values.seconds);
  const spread = { min: 0, max: SETTLING_SECONDS };
  return withPlatform(
    { alpha: { queueSeconds: { min: 0, max: 5 }, downloadSeconds: spread, installSeconds: spread } },
    async (platform) => {
      await fillFleet(platform, fleetSize - terminals);
      const fleet = await addFleet(platform, terminals);
      const { campaignId } = await trigger(platform, fleet, {
        polling: { windows: [{ everySeconds: Math.max(15, terminals / 100), attempts: 1_000 }] },
        deadlineSeconds: 7_200,
      });
      // Until some terminals are final, so that what is read is neither empty nor still.
      while ((await call<CampaignView>(platform, `/campaigns/${campaignId}`)).final === 0) await sleep(1_000);
      const cpuBefore = cpuSeconds(platform.stack);
      const figures: Record<string, Record<string, Latency>> = {};
      for (const [name, measure] of Object.entries(measures(platform, campaignId))) {
        for (const rate of rates) {
          const latency = await measure(rate, seconds);
          progress(
            `  ${name.padEnd(12)} ${rate}/s: p50 ${latency.p50Ms} ms, p95 ${latency.p95Ms} ms, p99 ${latency.p99Ms} ms, ${latency.errors} errors`,
          );
          (figures[name] ??= {})[`${rate}/s`] = latency;
        }
      }
      const { final, status } = await call<CampaignView>(platform, `/campaigns/${campaignId}`);
      const judged = `${rates.includes(JUDGED_RATE) ? JUDGED_RATE : Math.max(...rates)}/s`;
      const { [BASELINE]: baseline, ...routes } = figures;
      const worst = Math.max(...Object.values(routes).map((byRate) => byRate[judged]?.p95Ms ?? 0));
      const baselineP95Ms = baseline?.[judged]?.p95Ms ?? 0;
      return {
        terminals,
        fleet: fleetSize,
        judgedAt: judged,
        worstP95Ms: worst,
        baselineP95Ms,
        ratio: round(worst / baselineP95Ms, 1),
        errors: Object.values(figures)
          .flatMap((byRate) => Object.values(byRate))
          .reduce((sum, { errors }) => sum + errors, 0),
        finalMeanwhile: final,
        status,
        latencies: figures,
        cpuSeconds: cpuSince(platform.stack, cpuBefore),
      };
    },
  );
}

function measures({ stack }: BenchPlatform, campaignId: string): Record<string, Measure> {
  const root = `http://127.0.0.1:${stack.ports.api}`;
  const campaigns = `${root}/api/v1/campaigns`;
  const get =
    (url: string): Measure =>
    (rate, seconds) =>
      requests(url, rate, seconds);
  return {
    [BASELINE]: get(`${root}/healthz`),
    list: get(`${campaigns}?limit=50`),
    detail: get(`${campaigns}/${campaignId}`),
    terminals: get(`${campaigns}/${campaignId}/tpes?limit=100`),
    fleet: get(`${root}/api/v1/tpes?limit=100`),
    statistics: get(`${campaigns}/${campaignId}/statistics`),
    progress: (rate, seconds) => firstEvents(root, `/api/v1/campaigns/${campaignId}/stream`, rate, seconds),
  };
}

async function requests(url: string, rate: number, seconds: number): Promise<Latency> {
  const times: number[] = [];
  const { errors, timeouts, non2xx } = await new Promise<autocannon.Result>((resolve, reject) => {
    autocannon(
      { url, connections: CONNECTIONS, overallRate: rate, duration: seconds },
      (error: unknown, result) => (error ? reject(error) : resolve(result)),
      // Its own histogram has no 95th percentile.
    ).on('response', (_client, _status, _bytes, ms) => times.push(ms));
  });
  return latencyOf(times, errors + timeouts + non2xx);
}

/** Live progress never ends by itself, which no load generator waits for: each is closed after its first event. */
async function firstEvents(root: string, path: string, rate: number, seconds: number): Promise<Latency> {
  const pool = new HttpPool(root, { connections: rate });
  const times: number[] = [];
  const under: Promise<void>[] = [];
  let errors = 0;
  const one = async (): Promise<void> => {
    const begun = performance.now();
    try {
      const { body, statusCode } = await pool.request({ method: 'GET', path });
      let text = '';
      for await (const part of body) {
        text += String(part);
        if (text.includes('event: progress')) break;
      }
      if (statusCode === 200 && text.includes('event: progress')) times.push(performance.now() - begun);
      else errors++;
    } catch {
      errors++;
    }
  };
  const begun = performance.now();
  for (let sent = 0; sent < rate * seconds; sent++) {
    await sleep(Math.max(0, (sent / rate) * 1_000 - (performance.now() - begun)));
    under.push(one());
  }
  await Promise.all(under);
  await pool.destroy();
  return latencyOf(times, errors);
}

function latencyOf(times: number[], errors: number): Latency {
  return {
    requests: times.length,
    errors,
    p50Ms: round(percentile(times, 0.5), 1),
    p95Ms: round(percentile(times, 0.95), 1),
    p99Ms: round(percentile(times, 0.99), 1),
  };
}

/** Further terminals, which no campaign is about. */
async function fillFleet({ db }: BenchPlatform, terminals: number): Promise<void> {
  if (terminals <= 0) return;
  progress(`${terminals} further terminals`);
  await db.query(
    `INSERT INTO tpe (tpe_id, id_tms, tms, site, model, version_courante)
     SELECT gen_random_uuid(), 'other-' || n, 'alpha', 'Lille-' || n % 4000, 'A80', '4.1.' || n % 12
     FROM generate_series(1, $1::integer) AS n`,
    [terminals],
  );
  await db.query('VACUUM ANALYZE tpe');
}
