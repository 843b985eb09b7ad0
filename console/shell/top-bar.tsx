import { useMantineColorScheme, type MantineColorScheme } from '@mantine/core';
import { useStore } from '@nanostores/react';
import { Suspense, useState, type ReactNode } from 'react';
import { Link } from 'wouter';
import { DarkIcon, HelpIcon, LightIcon, LostIcon, SystemIcon, UserIcon } from '../components/icons.ts';
import { shared } from '../i18n/en.ts';
import { $locale, chooseLocale } from '../i18n/i18n.ts';
import { lazyPart } from '../lib/lazy-part.tsx';
import { $connection } from '../live/connection.ts';
import { pathOf } from '../pages.ts';
import { $actor } from '../state/actor.ts';
import { Mark } from './mark.tsx';
import classes from './top-bar.module.css';

const { Part: WhoDialog } = lazyPart(() => import('./who-dialog.tsx'));

export function TopBar({ onHelp }: { onHelp: () => void }): ReactNode {
  const t = useStore(shared);
  return (
    <header className={classes.bar}>
      <Link href={pathOf('campaigns')} className={classes.home}>
        <Mark size={24} />
        <span>{t.product}</span>
      </Link>
      <div className={classes.tools}>
        <ConnectionState />
        <LanguageSwitch />
        <SchemeSwitch />
        <button
          type="button"
          className={`${classes.tool} ${classes.wide}`}
          onClick={onHelp}
          aria-label={t.shortcuts}
          title={`${t.shortcuts} (?)`}
        >
          <HelpIcon size={17} aria-hidden />
        </button>
        <Who />
      </div>
    </header>
  );
}

/** Always there, so that its change is seen, and read out. */
function ConnectionState(): ReactNode {
  const t = useStore(shared);
  const lost = useStore($connection).state === 'lost';
  const word = lost ? t.connectionLost : t.connectionReached;
  return (
    <span className={classes.connection} data-lost={lost} role="status" title={word}>
      {lost ? <LostIcon size={15} aria-hidden /> : <span className={classes.dot} aria-hidden />}
      <span className={lost ? undefined : classes.quiet}>{word}</span>
    </span>
  );
}

function LanguageSwitch(): ReactNode {
  const t = useStore(shared);
  const french = useStore($locale) === 'fr';
  const other = french ? t.toEnglish : t.toFrench;
  return (
    <button
      type="button"
      className={classes.tool}
      onClick={() => chooseLocale(french ? 'en' : 'fr')}
      lang={french ? 'en' : 'fr'}
      title={other}
    >
      <span aria-hidden>{french ? 'EN' : 'FR'}</span>
      <span className="hidden-text">{other}</span>
    </button>
  );
}

const SCHEMES: readonly MantineColorScheme[] = ['auto', 'light', 'dark'];
const SCHEME_ICONS = { auto: SystemIcon, light: LightIcon, dark: DarkIcon };
const SCHEME_WORDS = { auto: 'schemeAuto', light: 'schemeLight', dark: 'schemeDark' } as const;

/** Light, dark, as the system: one after the other. */
function SchemeSwitch(): ReactNode {
  const t = useStore(shared);
  const { colorScheme, setColorScheme } = useMantineColorScheme({
    // To hold them still it would write a style sheet into the page.
    keepTransitions: true,
  });
  const Icon = SCHEME_ICONS[colorScheme];
  const words = t.scheme({ scheme: t[SCHEME_WORDS[colorScheme]] });
  const next = SCHEMES[(SCHEMES.indexOf(colorScheme) + 1) % SCHEMES.length] ?? 'auto';
  return (
    <button
      type="button"
      className={classes.tool}
      onClick={() => setColorScheme(next)}
      aria-label={words}
      title={words}
    >
      <Icon size={17} aria-hidden />
    </button>
  );
}

function Who(): ReactNode {
  const t = useStore(shared);
  const actor = useStore($actor);
  const [asking, setAsking] = useState(false);
  const words = actor === '' ? t.whoAreYou : t.youAre({ name: actor });
  return (
    <>
      <button
        type="button"
        className={`${classes.tool} ${classes.who}`}
        onClick={() => setAsking(true)}
        title={words}
      >
        <UserIcon size={17} aria-hidden />
        <span className={classes.name} aria-hidden>
          {actor === '' ? t.whoAreYou : actor}
        </span>
        <span className="hidden-text">{words}</span>
      </button>
      {asking && (
        <Suspense fallback={null}>
          <WhoDialog onClose={() => setAsking(false)} />
        </Suspense>
      )}
    </>
  );
}
