/** The documentation that the API serves: its OpenAPI document, a page that shows it, what problems mean. */
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import express, { Router } from 'express';
import { Problem, PROBLEMS } from './errors.ts';
import { BASE } from './links.ts';
import { openApiDocument } from './openapi.ts';
import type { Route } from './route.ts';

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>TPE campaigns: API</title>
<link rel="stylesheet" href="docs/assets/swagger-ui.css">
<link rel="icon" href="docs/assets/favicon-32x32.png">
</head>
<body>
<div id="ui"></div>
<script src="docs/assets/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
`;

const START = `SwaggerUIBundle({ url: '${BASE}/openapi.json', dom_id: '#ui', deepLinking: true, validatorUrl: null });
`;

/** Everything comes from this process: the page works without the internet. */
export function documentation(routes: readonly Route[]): Router {
  const router = Router({ caseSensitive: true });
  const document = openApiDocument(routes);
  const assets = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
  router.get(`${BASE}/openapi.json`, (_request, response) => void response.json(document));
  router.get(`${BASE}/docs`, (_request, response) => void response.type('html').send(PAGE));
  router.get(`${BASE}/docs/start.js`, (_request, response) => void response.type('js').send(START));
  router.use(`${BASE}/docs/assets`, express.static(assets, { index: false, maxAge: '1d' }));
  router.get('/problems/:code', ({ params: { code } }, response) => {
    if (!Object.hasOwn(PROBLEMS, code)) {
      throw new Problem('not-found', { detail: `There is no problem type ${code}.` });
    }
    const { status, title, description } = PROBLEMS[code as keyof typeof PROBLEMS];
    response.type('text/plain').send(`${code} (${status})\n${title}\n\n${description}\n`);
  });
  return router;
}
