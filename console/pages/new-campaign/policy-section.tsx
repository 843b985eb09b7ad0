import { useStore } from '@nanostores/react';
import { Suspense, type ReactNode } from 'react';
import { Button } from '@mantine/core';
import type { PolicyRequest, PolicyTemplate } from '../../api/schema.ts';
import { Segmented } from '../../components/segmented.tsx';
import { useFormat } from '../../i18n/format.ts';
import { lazyPart } from '../../lib/lazy-part.tsx';
import type { Draft } from './draft.ts';
import { messages } from './en.ts';
import type { Fault } from './faults.ts';
import { toForm } from './policy-form.ts';
import { policyInWords } from './policy-words.ts';
import { Section } from './section.tsx';
import classes from './new-campaign.module.css';

const { Part: PolicyFields, preload } = lazyPart(() => import('./policy-fields.tsx'));

/** Has the fields there before they are wanted. */
export const preloadPolicyFields = preload;

interface PolicySectionProps {
  draft: Draft;
  change: (change: Partial<Draft>) => void;
  templates: readonly PolicyTemplate[];
  /** There are more. */
  templatesCut: boolean;
  faults: readonly Fault[];
  /** The waves over time. */
  children: ReactNode;
}

/** How: by a template, or by hand. */
export function PolicySection(props: PolicySectionProps): ReactNode {
  const { draft, change, templates, templatesCut, faults, children } = props;
  const t = useStore(messages);
  return (
    <Section
      title={t.sectionHow}
      aside={
        <Segmented
          label={t.sectionHow}
          value={draft.how}
          onChange={(how) => change({ how })}
          choices={[
            { value: 'template', label: t.howTemplate },
            { value: 'own', label: t.howOwn },
          ]}
        />
      }
    >
      {draft.how === 'template' ? (
        <>
          <Templates draft={draft} change={change} templates={templates} />
          {templatesCut && <p className={classes.help}>{t.templatesCut(templates.length)}</p>}
        </>
      ) : (
        <Suspense fallback={null}>
          <PolicyFields
            form={draft.own}
            onChange={(part) => change({ own: { ...draft.own, ...part } })}
            faults={faults}
          />
        </Suspense>
      )}
      {children}
    </Section>
  );
}

/** The policy of a form, as far as it is known. */
export function chosenPolicy({ template }: Draft, templates: readonly PolicyTemplate[]): PolicyRequest {
  return templates.find(({ name }) => name === template)?.policy ?? {};
}

function Templates({
  draft,
  change,
  templates,
}: Pick<PolicySectionProps, 'draft' | 'change' | 'templates'>): ReactNode {
  const t = useStore(messages);
  const format = useFormat();
  const policy = chosenPolicy(draft, templates);
  return (
    <div className={classes.templates}>
      <fieldset className={classes.radios}>
        <legend className="hidden-text">{t.howTemplate}</legend>
        <TemplateChoice
          name=""
          chosen={draft.template}
          change={change}
          title={t.noTemplate}
          detail={t.noTemplateHelp}
        />
        {templates.map(({ name, version, description }) => (
          <TemplateChoice
            key={name}
            name={name}
            chosen={draft.template}
            change={change}
            title={name}
            detail={description ?? t.templateVersion({ n: format.number(version) })}
          />
        ))}
      </fieldset>
      <div className={classes.words}>
        <ul aria-label={draft.template || t.noTemplate}>
          {policyInWords({ t, format }, policy).map((sentence) => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ul>
        <Button variant="default" size="xs" onClick={() => change({ how: 'own', own: toForm(policy) })}>
          {t.changeByHand}
        </Button>
      </div>
    </div>
  );
}

interface TemplateChoiceProps {
  name: string;
  chosen: string;
  change: (change: Partial<Draft>) => void;
  title: string;
  detail: string;
}

function TemplateChoice({ name, chosen, change, title, detail }: TemplateChoiceProps): ReactNode {
  return (
    <label className={classes.radio} data-chosen={name === chosen}>
      <input
        type="radio"
        name="template"
        value={name}
        checked={name === chosen}
        onChange={() => change({ template: name })}
      />
      <span>
        <b>{title}</b>
        <small>{detail}</small>
      </span>
    </label>
  );
}
