/** Serves the web console: its page at `/` and at every address that a browser opens, its files below `/assets`. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Router, type Request, type RequestHandler, type Response } from 'express';
import { BASE } from './links.ts';

/** Where `npm run console:build` puts it. */
export const CONSOLE_FOLDER = fileURLToPath(new URL('../console/dist', import.meta.url));

/** A console that was built. */
export interface ConsoleFiles {
  page: File;
  /** The others by their path: `/assets/…`, `/favicon.svg`. */
  files: ReadonlyMap<string, File>;
  contentSecurityPolicy: string;
}

interface File {
  /** The content by its encoding. */
  encoded: Partial<Record<Encoding, Buffer>> & { identity: Buffer };
  extension: string;
  etag: string;
}

/** The best first. */
const ENCODINGS = ['br', 'gzip', 'identity'] as const;
type Encoding = (typeof ENCODINGS)[number];

/** What the build puts beside a file. */
const SUFFIXES = { br: '.br', gzip: '.gz' } as const;

/** What is no address of a page, whoever asks. */
const NOT_A_PAGE = /^\/(api|assets|problems|healthz|readyz|metrics)(\/|$)/;

/** Vite writes a hash of the content into these names. */
const HASHED = /^\/assets\/.+-[\w-]{8}\.\w+$/;

/**
 * Reads all of it into memory, a megabyte: whoever builds it anew meanwhile takes no file away from pages that are open.
 * @returns undefined where the console was not built
 */
export function loadConsole(folder: string): ConsoleFiles | undefined {
  if (!existsSync(join(folder, 'index.html'))) return undefined;
  const page = readFile(folder, 'index.html');
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/^\.|^index\.html$|\.(br|gz)$/.test(entry.name))
    .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length));
  return {
    page,
    files: new Map(names.map((name) => [name, readFile(folder, name)])),
    contentSecurityPolicy: policyFor(page.encoded.identity.toString()),
  };
}

/** `/` and the files. @param built undefined where there is no console */
export function consoleFiles(built: ConsoleFiles | undefined): Router {
  const router = Router({ caseSensitive: true });
  router.get('/', (request, response) => {
    if (built) sendPage(built, request, response);
    else response.status(503).type('html').send(NOT_BUILT);
  });
  router.get(/^\/(assets\/.+|favicon\.svg)$/, (request, response, next) => {
    const file = built?.files.get(request.path);
    if (!file) return next();
    response.set(
      'cache-control',
      HASHED.test(request.path) ? 'public, max-age=31536000, immutable' : 'no-cache',
    );
    sendFile(file, request, response);
  });
  return router;
}

/** The page at every address that nothing else has taken and that a browser opens: it knows its own addresses. */
export function consolePages(built: ConsoleFiles | undefined): RequestHandler {
  return (request, response, next) => {
    const isPage =
      (request.method === 'GET' || request.method === 'HEAD') &&
      !NOT_A_PAGE.test(request.path) &&
      // A program that takes anything is better served with the problem.
      request.accepts(['application/problem+json', 'html']) === 'html';
    if (built && isPage) sendPage(built, request, response);
    else next();
  };
}

function sendPage({ page, contentSecurityPolicy }: ConsoleFiles, request: Request, response: Response): void {
  response.set({ 'cache-control': 'no-cache', 'content-security-policy': contentSecurityPolicy });
  sendFile(page, request, response);
}

function sendFile({ encoded, extension, etag }: File, request: Request, response: Response): void {
  response.set({ etag, vary: 'accept-encoding' });
  if (request.fresh) {
    response.status(304).end();
    return;
  }
  // Asked which it likes best, a browser names them all alike, gzip first.
  const accepted = request.acceptsEncodings();
  const encoding = ENCODINGS.find((each) => encoded[each] && accepted.includes(each)) ?? 'identity';
  if (encoding !== 'identity') response.set('content-encoding', encoding);
  response.type(extension).send(encoded[encoding]);
}

function readFile(folder: string, name: string): File {
  const identity = readFileSync(join(folder, name));
  const compressed = Object.entries(SUFFIXES).flatMap(([encoding, suffix]) => {
    const file = join(folder, name + suffix);
    return existsSync(file) ? [[encoding, readFileSync(file)]] : [];
  });
  return {
    encoded: { ...Object.fromEntries(compressed), identity },
    extension: extname(name),
    etag: `W/"${createHash('sha256').update(identity).digest('base64url').slice(0, 16)}"`,
  };
}

/** Only our own files, and what stands in the page itself, by its hash. */
function policyFor(html: string): string {
  return [
    "default-src 'self'",
    `script-src 'self' ${inlineHashes(html, 'script')}`,
    `style-src 'self' ${inlineHashes(html, 'style')}`,
    "img-src 'self' data:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}

function inlineHashes(html: string, tag: 'script' | 'style'): string {
  const blocks = html.matchAll(new RegExp(`<${tag}(?![^>]*\\ssrc=)[^>]*>([\\s\\S]*?)</${tag}>`, 'g'));
  return [...blocks]
    .map(([, text = '']) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`)
    .join(' ');
}

const NOT_BUILT = `<!doctype html>
<html lang="en">
<title>TPE campaigns</title>
<h1>The web console is not built here</h1>
<p>Build it with <code>npm run console:build</code> and start the API again.
The API itself works: <a href="${BASE}/docs">its documentation</a>.</p>
</html>
`;
