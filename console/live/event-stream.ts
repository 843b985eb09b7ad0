/**
 * Server-sent events that stay: after an interruption the stream is opened again, ever more rarely, and at once when
 * the browser is back on the line or somebody looks at the page again. Each opening begins with the whole state, so
 * that nothing is lost; a page that nobody has looked at for a minute takes no line.
 */
import { reportReach } from './connection.ts';

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 30_000;
/** The API sends `ping` every 15 s: a line on which nothing came for this long is dead. */
const SILENCE_MS = 40_000;
/** A page that is out of sight for this long lets go of its line. */
const HIDDEN_MS = 60_000;

export interface StreamOptions {
  url: string;
  /** What is done with the data of each event, by its name. */
  events: Record<string, (data: never) => void>;
  /** The event after which nothing more will come. */
  last?: string;
}

/** @returns closes it */
export function openStream({ url, events, last }: StreamOptions): () => void {
  let source: EventSource | undefined;
  let retryMs = FIRST_RETRY_MS;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let silence: ReturnType<typeof setTimeout> | undefined;
  let hidden: ReturnType<typeof setTimeout> | undefined;
  let done = false;

  const drop = (): void => {
    clearTimeout(timer);
    clearTimeout(silence);
    source?.close();
    source = undefined;
  };
  const lost = (): void => {
    drop();
    reportReach(false);
    timer = setTimeout(open, retryMs * (0.75 + Math.random() / 2));
    retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
  };
  const heard = (): void => {
    clearTimeout(silence);
    silence = setTimeout(lost, SILENCE_MS);
  };
  function open(): void {
    drop();
    const opened = (source = new EventSource(url));
    heard();
    opened.addEventListener('error', () => source === opened && lost());
    opened.addEventListener('open', () => {
      retryMs = FIRST_RETRY_MS;
      reportReach(true);
    });
    opened.addEventListener('ping', heard);
    for (const [name, take] of Object.entries(events)) {
      opened.addEventListener(name, (event) => {
        // "open" and "error" are also what the connection itself tells, without data.
        if (!('data' in event) || source !== opened) return;
        heard();
        take(JSON.parse(event.data as string) as never);
        if (name === last) close();
      });
    }
  }
  const seen = (): void => {
    clearTimeout(hidden);
    if (document.hidden) hidden = setTimeout(drop, HIDDEN_MS);
    else if (!source) open();
  };
  const online = (): void => {
    if (!source && !document.hidden) open();
  };
  function close(): void {
    if (done) return;
    done = true;
    drop();
    clearTimeout(hidden);
    document.removeEventListener('visibilitychange', seen);
    window.removeEventListener('online', online);
  }

  document.addEventListener('visibilitychange', seen);
  window.addEventListener('online', online);
  open();
  return close;
}
