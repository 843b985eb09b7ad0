import { useStore } from '@nanostores/react';
import type { ReactNode } from 'react';
import { shared } from '../../i18n/en.ts';
import { useFormat } from '../../i18n/format.ts';
import { messages } from './en.ts';
import type { Estimate } from './estimate.ts';
import classes from './timeline.module.css';

/** The waves over time in figures. */
export function TimelineTable({ found: { waves } }: { found: Estimate }): ReactNode {
  const t = useStore(messages);
  const common = useStore(shared);
  const format = useFormat();
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it is moved sideways by keys, too
    <div className={classes.scroll} tabIndex={0} role="group" aria-label={t.timeline}>
      <table className={classes.table}>
        <thead>
          <tr>
            <th scope="col">{t.waveColumn}</th>
            <th scope="col">{t.terminalsColumn}</th>
            <th scope="col">{t.startColumn}</th>
            <th scope="col">{t.askedColumn}</th>
            <th scope="col">{t.reachedColumn}</th>
            <th scope="col">{t.overColumn}</th>
          </tr>
        </thead>
        <tbody>
          {waves.map((wave, index) => (
            <tr key={wave.wave}>
              <th scope="row">{wave.name}</th>
              <td title={common.terminals(wave.terminals)}>{format.number(wave.terminals)}</td>
              <td>{format.dateTime(wave.startsAt)}</td>
              <td>{format.dateTime(wave.askedAt)}</td>
              <td>{format.dateTime(wave.reachedAt)}</td>
              <td>
                {index === waves.length - 1 ? '–' : format.dateTime(wave.overAt)}
                {wave.approval && index < waves.length - 1 && `, ${t.partApproval}`}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
