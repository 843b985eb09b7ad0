import { useStore } from '@nanostores/react';
import type { ReactNode } from 'react';
import { shared } from '../../i18n/en.ts';
import { useFormat } from '../../i18n/format.ts';
import { $locale } from '../../i18n/i18n.ts';
import { messages } from './en.ts';
import { openParts, type Estimate, type WaveEstimate } from './estimate.ts';
import { tickFormat, ticksBetween } from './ticks.ts';
import classes from './timeline.module.css';

const ROW = 30;
const BAR = 14;
const AXIS = 22;
/** Percent of the width: what takes no time at all is seen too. */
const NARROWEST = 0.5;

/** A row per wave over a common time. The table has the same in figures. */
export function TimelinePicture({ found: { waves, closed, endsAt } }: { found: Estimate }): ReactNode {
  const t = useStore(messages);
  const common = useStore(shared);
  const format = useFormat();
  const from = waves[0]?.startsAt ?? endsAt;
  const to = Math.max(endsAt, from + 60_000);
  const x = (at: number): number => ((at - from) / (to - from)) * 100;
  const height = waves.length * ROW;
  const inWords = waves.map((wave) => {
    const [start, end] = [
      format.dateTime(wave.startsAt),
      format.dateTime(Math.max(wave.reachedAt, wave.askedAt)),
    ];
    return t.waveInWords({
      name: wave.name,
      terminals: common.terminals(wave.terminals),
      from: start,
      to: end,
    });
  });
  return (
    <>
      <div className={classes.picture}>
        <ul className={classes.names} aria-hidden>
          {waves.map(({ wave, name, terminals }) => (
            <li key={wave} title={name}>
              <span>{name}</span> <small>{format.number(terminals)}</small>
            </li>
          ))}
        </ul>
        <svg width="100%" height={height + AXIS} role="img" aria-label={inWords.join('; ')}>
          <Patterns />
          {closed.map((each) => (
            <rect
              key={each.from}
              className={classes.closed}
              x={`${x(each.from)}%`}
              width={`${x(each.to) - x(each.from)}%`}
              y={0}
              height={height}
            />
          ))}
          <Axis from={from} to={to} x={x} height={height} />
          {waves.map((wave, index) => (
            <Bars
              key={wave.wave}
              wave={wave}
              closed={closed}
              y={index * ROW + (ROW - BAR) / 2}
              x={x}
              last={index === waves.length - 1}
            />
          ))}
        </svg>
      </div>
      <Key closed={closed.length > 0} waves={waves} />
    </>
  );
}

interface BarsProps {
  wave: WaveEstimate;
  closed: Estimate['closed'];
  y: number;
  x: (at: number) => number;
  last: boolean;
}

function Bars({ wave, closed, y, x, last }: BarsProps): ReactNode {
  const t = useStore(messages);
  const format = useFormat();
  const { startsAt, askedAt, reachedAt, overAt, approval } = wave;
  const updated = Math.max(reachedAt, askedAt);
  const parts = [
    ...openParts(startsAt, askedAt, closed).map((open) => ({ part: 'asking', words: t.partAsking, ...open })),
    { part: 'updating', words: t.partUpdating, from: askedAt, to: updated },
    { part: 'soaking', words: t.partSoaking, from: updated, to: overAt },
  ].filter(({ from, to, part }) => to > from || part === 'asking');
  return (
    <g>
      {parts.map(({ part, words, from, to }) => (
        <rect
          key={`${part} ${from}`}
          className={classes[part]}
          x={`${Math.min(x(from), 100 - NARROWEST)}%`}
          width={`${Math.max(x(to) - x(from), NARROWEST)}%`}
          y={y}
          height={BAR}
          rx={2}
        >
          <title>{`${wave.name}, ${words}: ${format.dateTime(from)} – ${format.dateTime(to)}`}</title>
        </rect>
      ))}
      {approval && !last && (
        <circle className={classes.approval} cx={`${Math.min(x(overAt), 99)}%`} cy={y + BAR / 2} r={5}>
          <title>{t.partApproval}</title>
        </circle>
      )}
    </g>
  );
}

interface AxisProps {
  from: number;
  to: number;
  x: (at: number) => number;
  height: number;
}

function Axis({ from, to, x, height }: AxisProps): ReactNode {
  const locale = useStore($locale);
  const { ticks, step } = ticksBetween(from, to);
  const write = tickFormat(locale, step, to - from);
  return ticks.map((tick) => (
    <g key={tick} className={classes.tick}>
      <line x1={`${x(tick)}%`} x2={`${x(tick)}%`} y1={0} y2={height + 4} />
      <text
        x={`${x(tick)}%`}
        y={height + 17}
        textAnchor={x(tick) > 90 ? 'end' : x(tick) < 8 ? 'start' : 'middle'}
      >
        {write(tick)}
      </text>
    </g>
  ));
}

/** What soaks is striped: it is told apart without its colour. */
function Patterns(): ReactNode {
  return (
    <defs>
      <pattern id="soak" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <rect width="6" height="6" className={classes.stripeGround} />
        <rect width="2.5" height="6" className={classes.stripe} />
      </pattern>
    </defs>
  );
}

function Key({ closed, waves }: { closed: boolean; waves: readonly WaveEstimate[] }): ReactNode {
  const t = useStore(messages);
  const common = useStore(shared);
  const soaks = waves.some(({ reachedAt, overAt }) => overAt > reachedAt);
  const shown = [
    { part: 'asking', words: t.partAsking },
    { part: 'updating', words: t.partUpdating },
    ...(soaks ? [{ part: 'soaking', words: t.partSoaking }] : []),
    ...(waves.some(({ approval }) => approval) ? [{ part: 'approval', words: t.partApproval }] : []),
    ...(closed ? [{ part: 'closed', words: t.partClosed }] : []),
  ];
  return (
    <ul className={classes.key} aria-label={common.legend}>
      {shown.map(({ part, words }) => (
        <li key={part}>
          <svg width="14" height="10" aria-hidden>
            <rect className={classes[part]} width="14" height="10" rx="2" />
          </svg>
          {words}
        </li>
      ))}
    </ul>
  );
}
