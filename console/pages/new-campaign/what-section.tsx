import { TextInput } from '@mantine/core';
import { useStore } from '@nanostores/react';
import { useId, type ReactNode } from 'react';
import { shared } from '../../i18n/en.ts';
import type { Draft } from './draft.ts';
import { messages } from './en.ts';
import { Section } from './section.tsx';
import classes from './new-campaign.module.css';

/** Versions that are offered as buttons. */
const OFFERED = 6;

interface WhatSectionProps {
  draft: Draft;
  change: (change: Partial<Draft>) => void;
  versions: readonly { version: string; terminals: number }[];
  faults: { version?: string | undefined; name?: string | undefined };
}

/** Which version, under which name. */
export function WhatSection({ draft, change, versions, faults }: WhatSectionProps): ReactNode {
  const t = useStore(messages);
  const listId = useId();
  const version = draft.version.trim();
  return (
    <Section title={t.sectionWhat}>
      <div className={classes.pair}>
        <div>
          <TextInput
            label={t.version}
            description={t.versionHelp}
            required
            list={listId}
            autoComplete="off"
            spellCheck={false}
            placeholder="4.2.0"
            value={draft.version}
            onChange={(event) => change({ version: event.currentTarget.value })}
            error={faults.version}
            data-field="version"
          />
          <datalist id={listId}>
            {versions.map((each) => (
              <option key={each.version} value={each.version} />
            ))}
          </datalist>
          {versions.length > 0 && (
            <Seen versions={versions} chosen={version} onChoose={(each) => change({ version: each })} />
          )}
        </div>
        <TextInput
          label={t.name}
          description={t.nameHelp}
          placeholder={t.nameDefault({ version: version || '…' })}
          maxLength={200}
          value={draft.name}
          onChange={(event) => change({ name: event.currentTarget.value })}
          error={faults.name}
          data-field="name"
        />
      </div>
    </Section>
  );
}

interface SeenProps {
  versions: WhatSectionProps['versions'];
  chosen: string;
  onChoose: (version: string) => void;
}

/** What the fleet runs, to be taken by a click. */
function Seen({ versions, chosen, onChoose }: SeenProps): ReactNode {
  const t = useStore(messages);
  const common = useStore(shared);
  return (
    <div className={classes.seen} role="group" aria-label={t.seenInFleet}>
      <span aria-hidden>{t.seenInFleet}</span>
      {versions.slice(0, OFFERED).map(({ version, terminals }) => (
        <button
          key={version}
          type="button"
          aria-pressed={version === chosen}
          title={t.versionCount({ version, terminals: common.terminals(terminals) })}
          onClick={() => onChoose(version)}
        >
          {version}
        </button>
      ))}
    </div>
  );
}
