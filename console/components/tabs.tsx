import { useRef, type KeyboardEvent, type ReactNode } from 'react';
import classes from './tabs.module.css';

interface TabsProps<T extends string> {
  label: string;
  tabs: readonly { name: T; words: string; count?: string | undefined }[];
  chosen: T;
  onChoose: (name: T) => void;
  /** What is below the tabs, of the one that is chosen. */
  children: ReactNode;
}

const STEPS: Record<string, number | undefined> = { ArrowRight: 1, ArrowLeft: -1 };

/** Parts of a page of which one is shown. Arrows, Home and End go from one to the other. */
export function Tabs<T extends string>({ label, tabs, chosen, onChoose, children }: TabsProps<T>): ReactNode {
  const list = useRef<HTMLDivElement>(null);
  const go = (event: KeyboardEvent): void => {
    const at = tabs.findIndex(({ name }) => name === chosen);
    const step = STEPS[event.key];
    const to =
      step === undefined
        ? { Home: 0, End: tabs.length - 1 }[event.key]
        : (at + step + tabs.length) % tabs.length;
    const next = to === undefined ? undefined : tabs[to];
    if (!next) return;
    event.preventDefault();
    onChoose(next.name);
    list.current?.querySelector<HTMLElement>(`[data-tab="${next.name}"]`)?.focus();
  };
  return (
    <>
      <div ref={list} className={classes.tabs} role="tablist" tabIndex={-1} aria-label={label} onKeyDown={go}>
        {tabs.map(({ name, words, count }) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`tab-${name}`}
            data-tab={name}
            aria-selected={name === chosen}
            aria-controls={name === chosen ? `panel-${name}` : undefined}
            tabIndex={name === chosen ? 0 : -1}
            onClick={() => onChoose(name)}
          >
            {words}
            {count !== undefined && <b>{count}</b>}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`panel-${chosen}`} aria-labelledby={`tab-${chosen}`}>
        {children}
      </div>
    </>
  );
}
