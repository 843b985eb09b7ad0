import { useStore } from '@nanostores/react';
import { useState, type ReactNode } from 'react';
import type { TpeShares, TpeSummary } from '../../api/schema.ts';
import { useFormat } from '../../i18n/format.ts';
import { TextButton } from '../../components/text-button.tsx';
import { messages } from './en.ts';
import { FACETS, ruleOf, UNKNOWN, type Facet, type Filter } from './filters.ts';
import { useSummary } from './use-fleet.ts';
import classes from './facets.module.css';

/** Bars of a facet before the others are asked for. */
const FIRST = 5;

const TITLES = {
  version: 'columnVersion',
  model: 'columnModel',
  site: 'columnSite',
  tms: 'columnTms',
} as const satisfies Record<Facet, string>;

const SHARES = {
  version: 'byVersion',
  model: 'byModel',
  site: 'bySite',
  tms: 'byTms',
} as const satisfies Record<Facet, keyof TpeSummary>;

interface FacetsProps {
  filter: Filter;
  now: number;
  onChange: (change: Partial<Filter>) => void;
}

/** The fleet by version, model, site and TMS: bars with their numbers, each of which narrows the list. */
export function Facets({ filter, now, onChange }: FacetsProps): ReactNode {
  const t = useStore(messages);
  return (
    <section className={classes.facets} aria-label={t.distribution}>
      {FACETS.map((facet) => (
        <FacetCard key={facet} facet={facet} filter={filter} now={now} onChange={onChange} />
      ))}
    </section>
  );
}

function FacetCard({ facet, filter, now, onChange }: FacetsProps & { facet: Facet }): ReactNode {
  const t = useStore(messages);
  // Without its own condition: who has chosen one model still sees the others.
  const summary = useSummary(ruleOf({ ...filter, [facet]: '' }, now));
  const [open, setOpen] = useState(false);
  const shares = summary?.[SHARES[facet]];
  const title = t[TITLES[facet]];
  return (
    <div className={classes.card} role="group" aria-label={title}>
      <h2>{title}</h2>
      {shares && summary && (
        <Bars
          facet={facet}
          items={shownOf(shares, filter[facet], open)}
          total={summary.total}
          chosen={filter[facet]}
          onChoose={(value) => onChange({ [facet]: value })}
        />
      )}
      {shares && open && shares.others.values > 0 && (
        <p className={classes.others}>{othersInWords(t, shares)}</p>
      )}
      {shares && shares.items.length > FIRST && (
        <TextButton size="small" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? t.fewer : t.showAll(shares.items.length + shares.others.values)}
        </TextButton>
      )}
    </div>
  );
}

/** The largest ones, and the chosen one wherever it is, also where there is none of it any more. */
function shownOf({ items }: TpeShares, chosen: string, open: boolean): TpeShares['items'] {
  const isChosen = ({ value }: TpeShares['items'][number]): boolean => (value ?? UNKNOWN) === chosen;
  const shown = items.filter((item, index) => open || index < FIRST || isChosen(item));
  if (chosen === '' || shown.some(isChosen)) return shown;
  return [...shown, { value: chosen === UNKNOWN ? null : chosen, terminals: 0 }];
}

function othersInWords(t: ReturnType<typeof messages.get>, { others }: TpeShares): string {
  return t.others({ what: t.otherValues(others.values), terminals: t.terminals(others.terminals) });
}

interface BarsProps {
  facet: Facet;
  items: TpeShares['items'];
  total: number;
  chosen: string;
  onChoose: (value: string) => void;
}

function Bars({ facet, items, total, chosen, onChoose }: BarsProps): ReactNode {
  const t = useStore(messages);
  const format = useFormat();
  const most = Math.max(1, ...items.map(({ terminals }) => terminals));
  if (items.length === 0) return <p className={classes.others}>{t.noneOfThese}</p>;
  return (
    <ul className={classes.bars}>
      {items.map(({ value, terminals }) => {
        const key = value ?? UNKNOWN;
        const pressed = chosen === key;
        const percent = format.percent((terminals / Math.max(1, total)) * 100);
        return (
          <li key={key}>
            <button
              type="button"
              className={classes.bar}
              data-facet={facet}
              aria-pressed={pressed}
              title={`${value ?? t.unknown}: ${t.terminals(terminals)} (${percent})`}
              onClick={() => onChoose(pressed ? '' : key)}
            >
              <span className={classes.value}>{value ?? t.unknown}</span>
              <span className={classes.count}>
                {format.number(terminals)}
                <span className="hidden-text"> {percent}</span>
              </span>
              <span className={classes.track} aria-hidden>
                <span style={{ width: `${(terminals / most) * 100}%` }} />
              </span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}
