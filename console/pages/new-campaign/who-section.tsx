import '@mantine/core/styles/InlineInput.layer.css';
import '@mantine/core/styles/Checkbox.layer.css';
import { Checkbox, NativeSelect, Textarea } from '@mantine/core';
import { useStore } from '@nanostores/react';
import { useMemo, type ReactNode } from 'react';
import { ProblemNotice } from '../../components/problem-notice.tsx';
import { Segmented } from '../../components/segmented.tsx';
import type { Draft } from './draft.ts';
import { messages } from './en.ts';
import { readIds } from './ids.ts';
import { RuleInput } from './rule-input.tsx';
import { Section } from './section.tsx';
import type { Choices } from './use-known.ts';
import { useRuleCheck } from './use-preview.ts';
import classes from './new-campaign.module.css';

interface WhoSectionProps {
  draft: Draft;
  change: (change: Partial<Draft>) => void;
  choices: Choices;
  /** What is wrong with the targets, in words. */
  faults: { rule?: string | undefined; group?: string | undefined; ids?: string | undefined };
  /** What it would do. */
  children: ReactNode;
}

/** Which terminals. */
export function WhoSection({ draft, change, choices, faults, children }: WhoSectionProps): ReactNode {
  const t = useStore(messages);
  return (
    <Section
      title={t.sectionWho}
      aside={
        <Segmented
          label={t.sectionWho}
          value={draft.kind}
          onChange={(kind) => change({ kind })}
          choices={[
            { value: 'all', label: t.kindAll },
            { value: 'rule', label: t.kindRule },
            { value: 'group', label: t.kindGroup },
            { value: 'ids', label: t.kindIds },
          ]}
        />
      }
    >
      {draft.kind === 'all' && <p className={classes.help}>{t.allHelp}</p>}
      {draft.kind === 'rule' && (
        <RuleChoice draft={draft} change={change} choices={choices} needed={faults.rule} />
      )}
      {draft.kind === 'group' && (
        <GroupChoice draft={draft} change={change} choices={choices} fault={faults.group} />
      )}
      {draft.kind === 'ids' && <IdsChoice draft={draft} change={change} fault={faults.ids} />}
      {children}
    </Section>
  );
}

/** The language of rules is the same in all languages. */
const EXAMPLE = 'model = "A920" and site like "Lyon-*" and not tag "vip"';

type ChoiceProps = Pick<WhoSectionProps, 'draft' | 'change'>;

function RuleChoice({
  draft,
  change,
  choices,
  needed,
}: ChoiceProps & { choices: Choices; needed: string | undefined }): ReactNode {
  const t = useStore(messages);
  const { fault, error, terminals } = useRuleCheck(draft.rule);
  return (
    <div className={classes.choice} data-field="rule">
      <RuleInput
        value={draft.rule}
        onChange={(rule) => change({ rule })}
        label={t.rule}
        hint={EXAMPLE}
        fault={fault}
        known={choices.known}
      />
      {needed !== undefined && !fault && <p className={classes.fault}>{needed}</p>}
      {!fault && (
        <p className={classes.help}>{terminals === undefined ? t.ruleHelp : t.ruleMeets(terminals)}</p>
      )}
      {error !== null && <ProblemNotice error={error} />}
    </div>
  );
}

function GroupChoice({
  draft,
  change,
  choices,
  fault,
}: ChoiceProps & { choices: Choices; fault: string | undefined }): ReactNode {
  const t = useStore(messages);
  const groups = choices.groups ?? [];
  const chosen = groups.find(({ name }) => name === draft.group);
  if (choices.groups?.length === 0) return <p className={classes.help}>{t.noGroups}</p>;
  // One that the address names, and that is not there, is shown too: the API says that it is gone.
  const names = new Set([...groups.map(({ name }) => name), ...(draft.group === '' ? [] : [draft.group])]);
  return (
    <div className={classes.choice}>
      <NativeSelect
        label={t.group}
        required
        className={classes.narrow}
        value={draft.group}
        onChange={(event) => change({ group: event.currentTarget.value })}
        data={[
          { value: '', label: t.groupChoose },
          ...[...names].map((name) => ({ value: name, label: name })),
        ]}
        error={fault}
        data-field="group"
      />
      {choices.groupsCut && <p className={classes.help}>{t.groupsCut(groups.length)}</p>}
      {chosen && (
        <p className={classes.help}>
          {chosen.description !== null && <>{chosen.description} </>}
          {t.groupStands({ rule: '' })}
          <code className={classes.code}>{chosen.rule}</code>
        </p>
      )}
    </div>
  );
}

/** Of what is wrong, the first ones are shown. */
const SHOWN = 5;

function IdsChoice({ draft, change, fault }: ChoiceProps & { fault: string | undefined }): ReactNode {
  const t = useStore(messages);
  const { ids, repeated, wrong } = useMemo(() => readIds(draft.ids), [draft.ids]);
  return (
    <div className={classes.choice}>
      <Textarea
        label={t.ids}
        description={t.idsHint}
        required
        rows={6}
        spellCheck={false}
        classNames={{ input: classes.mono ?? '' }}
        value={draft.ids}
        onChange={(event) => change({ ids: event.currentTarget.value })}
        error={wrong.length > 0 ? t.idsWrong(wrong.length) + wrong.slice(0, SHOWN).join(', ') : fault}
        data-field="ids"
      />
      {ids.length > 0 && (
        <p className={classes.help} role="status">
          {t.idsRead(ids.length)} {repeated > 0 && t.idsRepeated(repeated)}
        </p>
      )}
      <Checkbox
        label={t.skipBusy}
        checked={draft.skipBusy}
        onChange={(event) => change({ skipBusy: event.currentTarget.checked })}
      />
    </div>
  );
}
