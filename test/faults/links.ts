/** A proxy between each role and each part that it calls, so that one role's way to one part can be broken. */
import type { RoleName } from '../../stack/roles.ts';
import type { Stack } from '../../stack/stack.ts';
import { FaultProxy } from '../support/fault-proxy.ts';
import type { Random } from '../support/random.ts';

export const PARTS = ['postgres', 'kafka', 'temporal', 'alpha', 'beta', 'hardware'] as const;
type PartName = (typeof PARTS)[number];
export type Role = Exclude<RoleName, 'simulator'>;

/** Who calls whom. */
export const CALLS: Record<Role, readonly PartName[]> = {
  api: ['postgres', 'temporal'],
  orchestrator: ['postgres', 'temporal'],
  tms: ['postgres', 'temporal', 'alpha', 'beta', 'hardware'],
  relay: ['postgres', 'kafka'],
  consumers: ['postgres', 'kafka', 'temporal'],
};

export interface Link {
  role: Role;
  part: PartName;
  proxy: FaultProxy;
}

export class Links {
  readonly all: readonly Link[];

  private constructor(all: readonly Link[]) {
    this.all = all;
  }

  /** Opens the proxies to the parts of a stack, whose roles are not started yet. */
  static async open({ ports }: Stack, random: Random): Promise<Links> {
    const target: Record<PartName, number> = {
      postgres: ports.postgres,
      kafka: ports.kafka,
      temporal: ports.temporal,
      alpha: ports.simulatorTms,
      beta: ports.simulatorTms,
      hardware: ports.simulatorHardware,
    };
    const pairs = Object.entries(CALLS) as [Role, readonly PartName[]][];
    const opening = pairs.flatMap(([role, parts]) =>
      parts.map(async (part): Promise<Link> => {
        const proxy = await FaultProxy.open(target[part], { kafka: part === 'kafka', random });
        return { role, part, proxy };
      }),
    );
    return new Links(await Promise.all(opening));
  }

  port(role: Role, part: PartName): number {
    const link = this.all.find((each) => each.role === role && each.part === part);
    if (!link) throw new Error(`${role} does not call ${part}.`);
    return link.proxy.port;
  }

  mend(): void {
    for (const { proxy } of this.all) proxy.mend();
  }

  async close(): Promise<void> {
    await Promise.all(this.all.map(({ proxy }) => proxy.close()));
  }
}

/** The addresses of a role's parts, by the names of `config.ts`, so that it goes through the proxies. */
export function addressesThrough(links: Links, role: Role, { env }: Stack): Record<string, string> {
  const at = (part: PartName): string => `127.0.0.1:${links.port(role, part)}`;
  const addresses: Record<string, string> = {};
  for (const part of CALLS[role]) {
    if (part === 'postgres') {
      const url = new URL(env.DATABASE_URL ?? '');
      url.host = at(part);
      addresses.DATABASE_URL = url.href;
    } else if (part === 'kafka') addresses.KAFKA_BROKERS = at(part);
    else if (part === 'temporal') addresses.TEMPORAL_ADDRESS = at(part);
    else if (part === 'hardware') addresses.HARDWARE_API_URL = `http://${at(part)}`;
  }
  return addresses;
}
