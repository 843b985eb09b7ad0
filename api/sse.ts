/** Server-sent events to one listener. */
import type { Response } from 'express';

/** Proxies close a connection that is silent for longer, commonly after 30 or 60 s. */
const HEARTBEAT_MS = 15_000;

/** How long a browser waits before it connects again. */
const RECONNECT_MS = 2_000;

/**
 * Begins the answer, and keeps it alive by an event `ping`: unlike a comment it reaches the page, which can tell a line
 * that is dead from one on which nothing happens.
 * @returns sends an event
 */
export function openEventStream(response: Response): (event: string, data: unknown) => void {
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  response.write(`retry: ${RECONNECT_MS}\n\n`);
  const heartbeat = setInterval(() => response.write('event: ping\ndata: {}\n\n'), HEARTBEAT_MS);
  response.once('close', () => clearInterval(heartbeat));
  let sent = 0;
  return (event, data) => {
    response.write(`id: ${++sent}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  };
}
