import { createServer, connect } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

/** A TCP proxy on loopback whose connections a test can cut and mend. */
export class Proxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #broken = false;

  private constructor(server: Server) {
    this.#server = server;
  }

  /**
   * Opens a proxy to a port.
   * @param kafka change the broker's own address in its answers into the proxy's, or clients would go round it
   */
  static async open(targetPort: number, kafka: boolean): Promise<Proxy> {
    const server = createServer();
    const proxy = new Proxy(server);
    server.on('connection', (client) => proxy.#join(client, targetPort, kafka));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Drops every connection and refuses new ones. */
  cut(): void {
    this.#broken = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend(): void {
    this.#broken = false;
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(client: Socket, targetPort: number, kafka: boolean): void {
    if (this.#broken) return void client.destroy();
    const target = connect(targetPort, '127.0.0.1');
    for (const [one, other] of [
      [client, target],
      [target, client],
    ] as const) {
      this.#sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
    client.pipe(target);
    if (kafka)
      target.on(
        'data',
        withAddress(targetPort, this.port, (frame) => client.write(frame)),
      );
    else target.pipe(client);
  }
}

/** Collects Kafka's frames (length, then content) and replaces host and port where they stand together. */
function withAddress(from: number, to: number, write: (frame: Buffer) => void): (data: Buffer) => void {
  const address = (port: number): Buffer => {
    const bytes = Buffer.alloc(13, '127.0.0.1');
    bytes.writeInt32BE(port, 9);
    return bytes;
  };
  const [old, replacement] = [address(from), address(to)];
  let pending = Buffer.alloc(0);
  return (data) => {
    pending = Buffer.concat([pending, data]);
    while (pending.length >= 4 && pending.length >= 4 + pending.readInt32BE(0)) {
      const frame = pending.subarray(0, 4 + pending.readInt32BE(0));
      pending = pending.subarray(frame.length);
      for (let at = frame.indexOf(old); at >= 0; at = frame.indexOf(old, at + 1)) replacement.copy(frame, at);
      write(frame);
    }
  };
}
