import './theme/layers.css';
import '@mantine/core/styles/default-css-variables.layer.css';
import './theme/mantine.css';
import './theme/tokens.css';
import './theme/base.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { preloadConfirm } from './components/confirm-action.tsx';
import { loadWords } from './i18n/i18n.ts';
import { whenIdle } from './lib/lazy-part.tsx';
import { pageAt, PAGES, pathOf } from './pages.ts';

/** What index.html shows until then is replaced. */
const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root');

// What can't be had is no reason to show nothing: words are in English then, and the page says what went wrong.
// Not awaited at the top level: what shares a file with this module could not run before it had ended.
const page = pageAt(location.pathname === '/' ? pathOf('campaigns') : location.pathname);
void Promise.all([loadWords('shared').catch(() => undefined), page?.preload()]).then(() =>
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  ),
);

/** Milliseconds that the first page has for itself. */
const QUIET_MS = 2_000;
setTimeout(
  () =>
    whenIdle(...[preloadConfirm, ...PAGES.map(({ preload }) => preload)].map((load) => () => void load())),
  QUIET_MS,
);
