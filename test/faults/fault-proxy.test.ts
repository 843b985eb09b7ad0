/** The proxy itself: what is broken on purpose must be broken in the way that is meant, and nothing else. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FaultProxy } from '../support/fault-proxy.ts';
import { withKafkaAddress } from '../support/kafka-address.ts';

let echo: Server;
let proxy: FaultProxy;
let draws: number[];
const clients: Socket[] = [];

beforeEach(async () => {
  echo = createServer((socket) => socket.on('error', () => undefined).pipe(socket));
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
  draws = [];
  proxy = await FaultProxy.open((echo.address() as AddressInfo).port, { random: () => draws.shift() ?? 1 });
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await proxy.close();
  await new Promise((resolve) => echo.close(resolve));
});

/** A connection, and what has come back on it. */
async function open(): Promise<{ socket: Socket; received: () => string; closed: Promise<unknown> }> {
  const socket = connect(proxy.port, '127.0.0.1');
  clients.push(socket);
  let received = '';
  socket.on('data', (data) => (received += data.toString()));
  socket.on('error', () => undefined);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  // One that is refused may be told so before it is told that it is connected.
  await Promise.race([once(socket, 'connect').catch(() => undefined), closed]);
  return { socket, received: () => received, closed };
}

const until = (condition: () => boolean): Promise<void> =>
  expect.poll(condition, { timeout: 20_000 }).toBe(true);

describe('the fault proxy', () => {
  it('lets everything through, and the end of it', async () => {
    const { socket, received, closed } = await open();
    const text = 'x'.repeat(3_000_000);
    socket.end(text);
    await closed;
    expect(received()).toBe(text);
  });

  it('cuts what is open and what comes, until it is mended', async () => {
    const first = await open();
    first.socket.write('a');
    await until(() => first.received() === 'a');
    proxy.cut();
    await first.closed;
    await (
      await open()
    ).closed;
    proxy.mend();
    const second = await open();
    second.socket.write('b');
    await until(() => second.received() === 'b');
  });

  it('delays each way, in order', async () => {
    proxy.delay(150);
    const { socket, received } = await open();
    const begun = performance.now();
    for (const letter of 'abc') socket.write(letter);
    await until(() => received() === 'abc');
    expect(performance.now() - begun).toBeGreaterThanOrEqual(299);
  });

  it('holds what was lost up to its next try, and what is behind it, and loses nothing of it', async () => {
    proxy.lose(0.5, ['up']);
    const { socket, received } = await open();
    // Lost twice, then not: 200 and 400 ms.
    draws.push(0.1, 0.4);
    const begun = performance.now();
    socket.write('a');
    await sleep(20);
    socket.write('b');
    await until(() => received() === 'ab');
    expect(performance.now() - begun).toBeGreaterThanOrEqual(599);
  });

  it('keeps what is sent into silence, and tells nobody, until it is mended', async () => {
    const { socket, received } = await open();
    proxy.silence(['down']);
    socket.write('a');
    await sleep(100);
    expect([received(), socket.closed]).toEqual(['', false]);
    proxy.mend();
    await until(() => received() === 'a');
  });

  it('leaves half-open connections dead for ever, and lets new ones through', async () => {
    const dead = await open();
    dead.socket.write('a');
    await until(() => dead.received() === 'a');
    expect(proxy.halfOpen()).toBe(1);
    dead.socket.write('b');
    const living = await open();
    living.socket.write('c');
    await until(() => living.received() === 'c');
    proxy.mend();
    await sleep(50);
    expect([dead.received(), dead.socket.closed]).toEqual(['a', false]);
  });

  it("puts its own port in the place of the broker's, also where frames come in pieces", () => {
    const frame = (port: number): Buffer => {
      const content = Buffer.concat([Buffer.from('127.0.0.1'), Buffer.alloc(4)]);
      content.writeInt32BE(port, 9);
      const length = Buffer.alloc(4);
      length.writeInt32BE(content.length);
      return Buffer.concat([length, content]);
    };
    const rewrite = withKafkaAddress(9092, 12_345);
    const bytes = Buffer.concat([frame(9092), frame(80), frame(9092)]);
    const pieces = [bytes.subarray(0, 10), bytes.subarray(10, 40), bytes.subarray(40)];
    expect(Buffer.concat(pieces.map(rewrite))).toEqual(
      Buffer.concat([frame(12_345), frame(80), frame(12_345)]),
    );
  });
});
