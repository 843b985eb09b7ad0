/** The page's first request is sent by the script in index.html, before any code of ours is there. */

declare global {
  interface Window {
    /** Answers on their way, by address. */
    early?: Record<string, Promise<Response> | undefined>;
  }
}

/** `fetch`, or the answer that is on its way already. It is given once: the next request is a new one. */
export function earlyFetch(request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const address = pathname + search;
  const early = request.method === 'GET' ? window.early?.[address] : undefined;
  if (!early || !window.early) return fetch(request);
  window.early[address] = undefined;
  return early.catch(() => fetch(request));
}
