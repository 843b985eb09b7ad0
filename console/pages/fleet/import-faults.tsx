import { Button } from '@mantine/core';
import { useStore } from '@nanostores/react';
import type { ReactNode } from 'react';
import { AlertIcon, ExportIcon } from '../../components/icons.ts';
import { useFormat } from '../../i18n/format.ts';
import { messages } from './en.ts';
import { reportCsv, saveText, type Refusal } from './report.ts';
import classes from './import-dialog.module.css';

/** More are in the report: a person who looks at a table corrects some and tries again. */
const SHOWN = 100;

/** Every bad line of a file: where, and what is wrong. */
export function ImportFaults({ file, refusal }: { file: string; refusal: Refusal }): ReactNode {
  const t = useStore(messages);
  const format = useFormat();
  const { faults, count } = refusal;
  const more = count - Math.min(faults.length, SHOWN);
  return (
    <div className={classes.refused}>
      <div className={classes.verdict} role="alert">
        <AlertIcon size={18} aria-hidden />
        <div>
          <p>
            <b>{t.refused({ file, count: t.faults(count) })}</b>
          </p>
          <p>{t.nothingImported}</p>
        </div>
      </div>
      {/* It scrolls: who has no mouse must be able to stand in it. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div className={classes.faults} tabIndex={0} role="region" aria-label={t.faultsTable}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t.faultLine}</th>
              <th scope="col">{t.faultColumn}</th>
              <th scope="col">{t.faultWhat}</th>
            </tr>
          </thead>
          <tbody>
            {faults.slice(0, SHOWN).map(({ line, column, message }) => (
              <tr key={`${line} ${column} ${message}`}>
                <td>{format.number(line)}</td>
                <td>{column === undefined ? '–' : <code>{column}</code>}</td>
                <td>{message}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {more > 0 && <p className={classes.hint}>{t.moreFaults(more)}</p>}
      <div>
        <Button
          variant="default"
          size="xs"
          leftSection={<ExportIcon size={14} aria-hidden />}
          onClick={() => saveText('import-report.csv', reportCsv(faults))}
        >
          {faults.length < count ? t.saveReportFirst(faults.length) : t.saveReport}
        </Button>
      </div>
    </div>
  );
}
