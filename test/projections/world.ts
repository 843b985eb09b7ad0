/**
 * Campaigns as they live, told by the events that the platform writes about them; and what is so in the end, by
 * looking at the terminals themselves. What the projections count from the events must be the same.
 */
import { randomUUID } from 'node:crypto';
import { DURATION_BOUNDS } from '../../projections/durations.ts';
import type { Act, Action, Noise } from './acts.ts';
import type { Contents, NewEvent } from './rig.ts';

const FINAL = ['SUCCESS', 'FAILED', 'TIMEOUT', 'CANCELLED', 'SKIPPED'];
const MODELS = ['A920', 'A77', 'D210'];
const SITES = ['Lyon-1', 'Paris-2', 'Île | de: Ré'];
const TMS = ['alpha', 'beta'];

interface Terminal {
  campaignId: string;
  tpeId: string;
  wave: number;
  tms: string;
  model: string;
  site: string;
  status: string;
  reason: string;
  attempt: number;
  compensation: string | undefined;
  requestedAt: number | undefined;
}

export class World {
  readonly events: NewEvent[] = [];
  readonly terminals: Terminal[] = [];
  /** Ends of updates that were asked for. */
  readonly #ends: { terminal: Terminal; status: string; at: number; milliseconds: number }[] = [];
  /** Comings to final statuses, and goings from them. */
  readonly #finals: { campaignId: string; at: number; status: string; sign: 1 | -1 }[] = [];
  readonly #campaigns: string[] = [];
  /** Old events that should count and can't. */
  skipped = 0;
  #now: number;

  /** @param start ms since 1970; all events are after it */
  constructor(start: number) {
    this.#now = start;
  }

  play(all: readonly Act[]): this {
    for (const act of all) this.#play(act);
    return this;
  }

  #play(act: Act): void {
    this.#now += 7_001;
    if (act.kind === 'create') return this.#create(act.waves, act.skipped);
    const campaignId = this.#campaigns[act.campaign % this.#campaigns.length];
    if (campaignId === undefined) return;
    if (act.kind === 'join') {
      this.#tell('campaign.joined', campaignId, null, { count: act.count, wave: 1 });
      for (let i = 0; i < act.count; i++) this.#newTerminal(campaignId, 1);
    } else if (act.kind === 'order') {
      const terminal = this.#newTerminal(campaignId, 1);
      if (act.status === 'PENDING') this.#tellOf(terminal, 'tpe.ordered', undefined);
      else this.#move(terminal, 'SKIPPED', 'up-to-date', undefined);
    } else if (act.kind === 'noise') this.#noise(campaignId, act.noise);
    else {
      const own = this.terminals.filter((each) => each.campaignId === campaignId);
      const terminal = own[act.terminal % Math.max(1, own.length)];
      if (terminal) this.#act(terminal, act.action, act.seconds);
    }
  }

  #create(waves: readonly number[], skipped: number): void {
    const campaignId = randomUUID();
    this.#campaigns.push(campaignId);
    const told = waves.map((total, i) => ({ wave: i + 1, name: `wave ${i + 1}`, total }));
    this.#tell('campaign.created', campaignId, null, {
      total: 0,
      waves: told,
      name: 'x',
      targetVersion: '2',
    });
    const made = told.flatMap(({ wave, total }) =>
      Array.from({ length: total }, () => this.#newTerminal(campaignId, wave)),
    );
    for (const terminal of made.slice(0, skipped)) this.#move(terminal, 'SKIPPED', 'up-to-date', 'PENDING');
  }

  #newTerminal(campaignId: string, wave: number): Terminal {
    const n = this.terminals.length;
    const terminal: Terminal = {
      campaignId,
      tpeId: randomUUID(),
      wave,
      tms: TMS[n % 2] ?? '',
      model: MODELS[n % 3] ?? '',
      site: SITES[(n * 7) % 3] ?? '',
      status: 'PENDING',
      reason: '',
      attempt: 1,
      compensation: undefined,
      requestedAt: undefined,
    };
    this.terminals.push(terminal);
    return terminal;
  }

  /** @param seconds for which a request has been on its way when it is told: time itself stays within a few hours */
  #act(terminal: Terminal, action: Action, seconds: number): void {
    const { status } = terminal;
    const open = status === 'REQUESTED' || status === 'INSTALLING';
    if (action === 'request' && status === 'PENDING') {
      terminal.requestedAt = this.#now - seconds * 1_000;
      this.#move(terminal, 'REQUESTED', '', status);
    } else if (action === 'install' && status === 'REQUESTED') this.#move(terminal, 'INSTALLING', '', status);
    else if (action === 'succeed' && open) this.#move(terminal, 'SUCCESS', '', status);
    else if (action === 'fail' && open)
      this.#move(terminal, 'FAILED', 'failed:battery-low: 3 % : is too low', status);
    else if (action === 'time-out' && open) this.#move(terminal, 'TIMEOUT', 'unverified', status);
    else if (action === 'cancel' && !FINAL.includes(status))
      this.#move(terminal, 'CANCELLED', 'cancelled', status);
    else if (action === 'retry' && open) {
      Object.assign(terminal, { requestedAt: undefined, status: 'PENDING', attempt: terminal.attempt + 1 });
      this.#tellOf(terminal, 'tpe.retrying', status, { reason: 'failed:battery-low' });
    } else if (action === 'roll-back' && ['SUCCESS', 'FAILED'].includes(status)) this.#rollBack(terminal);
  }

  /** The next step of a roll-back; half of them work. */
  #rollBack(terminal: Terminal): void {
    const before = terminal.compensation;
    const [type, state] =
      before === undefined
        ? ['tpe.rolling-back', 'PENDING']
        : before === 'PENDING' && terminal.tms === 'alpha'
          ? ['tpe.rollback-left', 'LEFT']
          : before === 'PENDING'
            ? ['tpe.rollback-requested', 'REQUESTED']
            : before === 'REQUESTED' && terminal.model === 'A920'
              ? ['tpe.rollback-failed', 'FAILED']
              : before === 'REQUESTED'
                ? ['tpe.rolled-back', 'ROLLED_BACK']
                : [];
    if (type === undefined) return;
    const from = terminal.status;
    terminal.compensation = state;
    if (state === 'ROLLED_BACK' && from === 'SUCCESS') {
      this.#finals.push({ campaignId: terminal.campaignId, at: this.#now, status: 'SUCCESS', sign: -1 });
      this.#finals.push({ campaignId: terminal.campaignId, at: this.#now, status: 'CANCELLED', sign: 1 });
      Object.assign(terminal, { status: 'CANCELLED', reason: 'rolled-back' });
    }
    const data = { compensation: state, compensationFrom: before, requestedAt: new Date(this.#now - 5_000) };
    this.#tellOf(terminal, type, from, { data });
  }

  #move(terminal: Terminal, to: string, reason: string, from: string | undefined): void {
    Object.assign(terminal, { status: to, reason });
    const { campaignId, requestedAt } = terminal;
    const final = FINAL.includes(to);
    if (final) this.#finals.push({ campaignId, at: this.#now, status: to, sign: 1 });
    if (final && requestedAt !== undefined)
      this.#ends.push({ terminal, status: to, at: this.#now, milliseconds: this.#now - requestedAt });
    const data = final && requestedAt !== undefined && { requestedAt: new Date(requestedAt).toISOString() };
    this.#tellOf(terminal, `tpe.${to.toLowerCase()}`, from, { reason, data: data || {} });
  }

  #noise(campaignId: string, noise: Noise): void {
    const tpeId = randomUUID();
    if (noise === 'paused') this.#tell('campaign.paused', campaignId, null, { wave: 1, to: 'PAUSED' });
    else if (noise === 'erased') this.#tell('tpe.erased', null, tpeId, { to: 'SUCCESS', wave: 1 });
    else if (noise === 'unknown')
      this.#tell('moon.full', campaignId, tpeId, { from: 'PENDING', to: 'SUCCESS', wave: 1 });
    else {
      this.skipped++;
      if (noise === 'old') this.#tell('tpe.success', campaignId, tpeId, { from: 'REQUESTED', to: 'SUCCESS' });
      else this.#tell('tpe.rolled-back', campaignId, tpeId, { status: 'CANCELLED', to: '4.1.0', wave: 1 });
    }
  }

  #tellOf(
    terminal: Terminal,
    type: string,
    from: string | undefined,
    { reason = null, data = {} }: { reason?: string | null; data?: object } = {},
  ): void {
    const { campaignId, tpeId, status: to, attempt, wave, tms, model, site } = terminal;
    this.#tell(
      type,
      campaignId,
      tpeId,
      { from, to, attempt, wave, tms, model, site, ...data },
      reason || null,
    );
  }

  #tell(
    type: string,
    campaignId: string | null,
    tpeId: string | null,
    data: object,
    reason: string | null = null,
  ): void {
    this.events.push({ type, campaignId, tpeId, reason, data, at: new Date(this.#now) });
  }

  /** What the projections must have, by looking at the terminals. */
  expected(): Contents {
    const minute = (at: number): string => new Date(at - (at % 60_000)).toISOString();
    const over = (milliseconds: number): number =>
      DURATION_BOUNDS.filter((bound) => milliseconds > bound * 1_000).length;
    return {
      terminal_status: tally(this.terminals.map((t) => [t.campaignId, t.wave, t.status])),
      compensation: tally(
        this.terminals.flatMap((t) => (t.compensation === undefined ? [] : [[t.campaignId, t.compensation]])),
      ),
      outcome: tally(
        this.terminals
          .filter(({ status }) => FINAL.includes(status))
          .map((t) => [
            t.campaignId,
            t.status,
            t.reason.replace(/^(failed:battery-low).*/, '$1'),
            t.tms,
            t.model,
            t.site,
          ]),
      ),
      duration: tally(
        this.#ends.map((e) => [
          e.terminal.campaignId,
          e.status,
          e.terminal.model,
          e.terminal.tms,
          over(e.milliseconds),
        ]),
        this.#ends.map(({ milliseconds }) => milliseconds),
      ),
      duration_minute: tally(
        this.#ends.map((e) => [e.terminal.campaignId, minute(e.at), over(e.milliseconds)]),
      ),
      final_minute: tally(
        this.#finals.map((f) => [f.campaignId, minute(f.at), f.status]),
        [],
        this.#finals.map(({ sign }) => sign),
      ),
    };
  }
}

/** Rows of a projection: how often each key is there, and the sum of what belongs to it. */
function tally(keys: (string | number)[][], amounts: number[] = [], signs: number[] = []): string[] {
  const sums = new Map<string, { count: number; amount: number }>();
  for (const [i, key] of keys.entries()) {
    const line = key.join(' | ');
    const { count, amount } = sums.get(line) ?? { count: 0, amount: 0 };
    sums.set(line, { count: count + (signs[i] ?? 1), amount: amount + (amounts[i] ?? 0) });
  }
  return [...sums]
    .filter(([, { count, amount }]) => count !== 0 || amount !== 0)
    .map(([line, { count, amount }]) => `${line} | ${count}${amounts.length > 0 ? ` | ${amount}` : ''}`)
    .sort();
}
