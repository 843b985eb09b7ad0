/** A TMS and terminals whose answers are full of what must not be kept, and the words to look for afterwards. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export const PAN = '4111111111111111';
export const TOKEN = 'tok-9f8e7d6c5b4a3f2e';
export const PASSWORD = 'hunter2-plant';
/** How a vendor could put all three into one sentence. */
export const LEAK = `card 4111 1111-1111 1111 declined, Bearer ${TOKEN}, password=${PASSWORD}`;

const PAN_IN_ANY_NOTATION = new RegExp(PAN.split('').join('[ -]?'));

/** What of the planted is in a text; empty if it is clean. */
export function plantedIn(text: string): string[] {
  const found = [TOKEN, PASSWORD].filter((secret) => text.includes(secret));
  // Bytes are shown in hexadecimal.
  const hex = Buffer.from(PAN).toString('hex');
  if (PAN_IN_ANY_NOTATION.test(text) || text.includes(hex)) found.push(PAN);
  return found;
}

/** Terminals by how they are answered. */
export const REFUSED = 'T-refused';
export const FAILED = 'T-failed';

export interface FakeVendor {
  url: string;
  close(): Promise<void>;
}

/** Speaks the reference protocol, and that of the terminals below `/tpe`. */
export async function startFakeVendor(): Promise<FakeVendor> {
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      const { status, answer } = answerTo(`${request.method} ${request.url}`, body);
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(answer);
    });
  });
  await listen(server);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answerTo(asked: string, body: string): { status: number; answer: string } {
  const json = (status: number, value: unknown): { status: number; answer: string } => ({
    status,
    answer: JSON.stringify(value),
  });
  if (asked.startsWith('GET /tpe/'))
    return json(200, {
      runningVersion: `4.1 ${LEAK}`,
      battery: 50,
      uptimeSeconds: 1,
      lastSeen: '2026-11-21T10:00:00Z',
    });
  if (asked === 'POST /updates') {
    const { idTms } = JSON.parse(body) as { idTms: string };
    return idTms === REFUSED
      ? json(422, { error: { code: `E-1 ${LEAK}`, message: LEAK } })
      : json(202, { operationId: 'op-1' });
  }
  if (asked.endsWith('/cancel')) return { status: 200, answer: `<p>${LEAK}</p>` };
  return json(200, {
    idTms: FAILED,
    operationId: 'op-1',
    state: 'FAILED',
    targetVersion: '9.0.0',
    reason: `install: ${LEAK}`,
  });
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
}
