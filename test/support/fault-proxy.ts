/** A TCP proxy on loopback that does to a connection what networks do: cuts it, slows it, loses of it, falls silent. */
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { FaultyPipe, type Way } from './faulty-pipe.ts';
import { withKafkaAddress } from './kafka-address.ts';

/** Seen from the client: `up` is what it sends, `down` what it is answered. */
export type Direction = 'up' | 'down';

export interface ProxyOptions {
  /** Change the broker's own address in its answers into the proxy's, or clients would go round it. */
  kafka?: boolean;
  /** Decides what is lost; default `Math.random`. */
  random?: () => number;
}

interface Link {
  client: Socket;
  target: Socket;
  /** What goes wrong for ever, also after `mend`. */
  dead: boolean;
}

const BOTH: readonly Direction[] = ['up', 'down'];

/** Node can't reset, and never closes, what it is asked to reset while the end that it wrote is under way. */
function reset(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}

/** In front of one port. All that is set holds for open and for new connections, until `mend`. */
export class FaultProxy {
  readonly #server: Server;
  readonly #targetPort: number;
  readonly #kafka: boolean;
  readonly #links = new Set<Link>();
  readonly #ways: Record<Direction, Way>;
  #refusing = false;

  private constructor(server: Server, targetPort: number, { kafka = false, random }: ProxyOptions) {
    this.#server = server;
    this.#targetPort = targetPort;
    this.#kafka = kafka;
    const way = (): Way => ({ delayMs: 0, lossRate: 0, silent: false, random: random ?? Math.random });
    this.#ways = { up: way(), down: way() };
  }

  /** Opens a proxy to a port of this machine, on any free port. */
  static async open(targetPort: number, options: ProxyOptions = {}): Promise<FaultProxy> {
    const server = createServer({ allowHalfOpen: true });
    const proxy = new FaultProxy(server, targetPort, options);
    server.on('connection', (client) => proxy.#join(client));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.#links.size;
  }

  /** Ends every connection, and each new one at once. */
  cut(): void {
    this.#refusing = true;
    this.reset();
  }

  /** Ends every connection; new ones are let through. */
  reset(): void {
    for (const { client, target } of this.#links) {
      reset(client);
      reset(target);
    }
  }

  /** Lets everything pass so many milliseconds late, in its order. */
  delay(ms: number, directions: readonly Direction[] = BOTH): void {
    for (const direction of directions) this.#ways[direction].delayMs = ms;
  }

  /**
   * Loses this share of what is sent. Under TCP nothing of it is missing in the end: what was lost comes after the
   * sender's time-out of 200 ms, doubled each time that it is lost again, and holds up all that is behind it.
   */
  lose(rate: number, directions: readonly Direction[] = BOTH): void {
    for (const direction of directions) this.#ways[direction].lossRate = rate;
  }

  /** Nothing passes, and nobody is told; it passes once this is mended. As if the network in between were away. */
  silence(directions: readonly Direction[] = BOTH): void {
    for (const direction of directions) this.#ways[direction].silent = true;
    this.#wake();
  }

  /**
   * Connections that are open now stay open and dead for ever: one end was lost without a word to the other. New ones
   * are let through.
   * @returns how many there were
   */
  halfOpen(directions: readonly Direction[] = BOTH): number {
    let count = 0;
    for (const link of this.#links) {
      if (link.dead) continue;
      link.dead = true;
      count++;
      if (directions.includes('up')) link.client.emit('fault-dead');
      if (directions.includes('down')) link.target.emit('fault-dead');
    }
    return count;
  }

  /** All is well again, but for connections that were cut or are half open. */
  mend(): void {
    this.#refusing = false;
    for (const direction of BOTH)
      Object.assign(this.#ways[direction], { delayMs: 0, lossRate: 0, silent: false });
    this.#wake();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #wake(): void {
    for (const { client, target } of this.#links) {
      client.emit('fault-change');
      target.emit('fault-change');
    }
  }

  #join(client: Socket): void {
    if (this.#refusing) return void client.resetAndDestroy();
    const target = connect({ port: this.#targetPort, host: '127.0.0.1', allowHalfOpen: true });
    const link = { client, target, dead: false };
    this.#links.add(link);
    const rewritten = this.#kafka ? withKafkaAddress(this.#targetPort, this.port) : undefined;
    const pipes = [
      new FaultyPipe(client, target, this.#ways.up),
      new FaultyPipe(target, client, this.#ways.down, rewritten),
    ];
    const end = (): void => {
      this.#links.delete(link);
      for (const pipe of pipes) pipe.close();
      client.destroy();
      target.destroy();
    };
    for (const socket of [client, target]) {
      socket.setNoDelay(true);
      socket.on('error', end);
      socket.on('close', end);
    }
  }
}
