import { useStore } from '@nanostores/react';
import type { ReactNode } from 'react';
import type { AuditArchive, AuditHead } from '../../api/schema.ts';
import { CopyButton } from '../../components/copy-button.tsx';
import { useFormat } from '../../i18n/format.ts';
import { messages } from './en.ts';
import classes from './chain.module.css';

interface VerifyProps {
  head: AuditHead | undefined;
  archives: readonly AuditArchive[] | undefined;
}

/** How somebody else proves that nothing was changed, and the months that are files by now. */
export default function Verify({ head, archives = [] }: VerifyProps): ReactNode {
  const t = useStore(messages);
  const files = archives.map(({ file }) => ` --file ${file}`).join('');
  const command = `npx tpe audit verify${files}${head && head.position > 0 ? ` --head ${head.position}:${head.hash}` : ''}`;
  return (
    <div className={classes.verifyText}>
      <p>{t.verifyHow}</p>
      <p className={classes.command}>
        <code>{command}</code>
        <CopyButton text={command} what={t.verifyCommand} />
      </p>
      <p>{t.verifyExit}</p>
      {archives.length === 0 ? <p>{t.archivesNone}</p> : <Archives archives={archives} />}
    </div>
  );
}

function Archives({ archives }: { archives: readonly AuditArchive[] }): ReactNode {
  const t = useStore(messages);
  const format = useFormat();
  return (
    <div className={classes.archives}>
      <table aria-label={t.archives}>
        <thead>
          <tr>
            <th scope="col">{t.archiveMonth}</th>
            <th scope="col">{t.archiveFile}</th>
            <th scope="col">{t.archiveEvents}</th>
            <th scope="col">{t.archivePositions}</th>
            <th scope="col">{t.archiveHash}</th>
            <th scope="col">{t.archiveAt}</th>
          </tr>
        </thead>
        <tbody>
          {archives.map(({ month, file, events, firstPosition, lastPosition, sha256, archivedAt }) => (
            <tr key={file}>
              <td>{month}</td>
              <td>
                <code>{file}</code>
              </td>
              <td>{format.number(events)}</td>
              <td>
                {firstPosition === null || lastPosition === null
                  ? '–'
                  : `${format.number(firstPosition)}–${format.number(lastPosition)}`}
              </td>
              <td>
                <code title={sha256}>{sha256.slice(0, 12)}…</code>{' '}
                <CopyButton text={sha256} what={t.archiveHash} />
              </td>
              <td>{format.dateTime(archivedAt)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
