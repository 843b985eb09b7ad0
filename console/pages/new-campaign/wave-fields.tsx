import { useStore } from '@nanostores/react';
import type { ReactNode } from 'react';
import { RemoveButton } from '../../components/remove-button.tsx';
import { messages } from './en.ts';
import { faultAt, type Fault } from './faults.ts';
import {
  ActionField,
  AddButton,
  CheckField,
  ChoiceField,
  NumberField,
  partsOf,
  RowFault,
  rowsOf,
  TextField,
} from './fields.tsx';
import { newWave, type WaveForm } from './policy-form.ts';
import classes from './policy-fields.module.css';

/** As many as the API takes. */
const MOST = 20;

interface WaveFieldsProps {
  waves: readonly WaveForm[];
  onChange: (waves: WaveForm[]) => void;
  faults: readonly Fault[];
}

export function WaveFields({ waves, onChange, faults }: WaveFieldsProps): ReactNode {
  const t = useStore(messages);
  const row = rowsOf(waves, onChange);
  return (
    <>
      <p className={classes.help}>{t.wavesHelp}</p>
      <ol className={classes.waves}>
        {waves.map((wave, index) => (
          <li key={wave.id} className={classes.wave} aria-label={t.waveNumber({ n: String(index + 1) })}>
            <span className={classes.place} aria-hidden>
              {index + 1}
            </span>
            <Size wave={wave} index={index} onChange={row(wave).onChange} faults={faults} />
            {index < waves.length - 1 && (
              <Gate wave={wave} index={index} onChange={row(wave).onChange} faults={faults} />
            )}
            {waves.length > 1 && (
              <RemoveButton
                className={classes.removeWave}
                label={t.removeWave({ n: String(index + 1) })}
                onClick={row(wave).onRemove}
              />
            )}
          </li>
        ))}
      </ol>
      <RowFault fault={faultAt(faults, '/policy/waves')} />
      {waves.length < MOST && <AddButton label={t.addWave} onClick={() => onChange(withOneMore(waves))} />}
    </>
  );
}

/** Before the one that takes the rest. */
function withOneMore(waves: readonly WaveForm[]): WaveForm[] {
  const rest = waves.at(-1)?.by === 'rest' ? waves.slice(-1) : [];
  return [...waves.slice(0, waves.length - rest.length), newWave(waves, 'percent', '10'), ...rest];
}

interface WavePartProps {
  wave: WaveForm;
  index: number;
  onChange: (part: Partial<WaveForm>) => void;
  faults: readonly Fault[];
}

function Size({ wave, index, onChange, faults }: WavePartProps): ReactNode {
  const t = useStore(messages);
  const part = partsOf(wave, onChange);
  const place = `/policy/waves/${index}`;
  const fault = faultAt(faults, `${place}/${wave.by}`) ?? faultAt(faults, place);
  return (
    <div className={classes.row}>
      <TextField
        className={classes.name}
        label={t.waveName}
        placeholder={t.waveUnnamed({ n: String(index + 1) })}
        {...part('name')}
        error={faultAt(faults, `${place}/name`)}
      />
      {wave.by !== 'rest' && wave.by !== 'rule' && (
        <NumberField label={t.waveSize} {...part('size')} error={fault} />
      )}
      <ChoiceField
        className={classes.by}
        label={t.waveBy}
        {...part('by')}
        error={wave.by === 'rest' ? fault : undefined}
        choices={{ percent: t.byPercent, count: t.byCount, rule: t.byRule, rest: t.byRest }}
      />
      {wave.by === 'rule' && (
        <TextField
          className={classes.rule}
          label={t.rule}
          spellCheck={false}
          placeholder='tag "pilot"'
          {...part('size')}
          error={fault}
        />
      )}
    </div>
  );
}

function Gate({ wave, index, onChange, faults }: WavePartProps): ReactNode {
  const t = useStore(messages);
  const part = partsOf(wave, onChange);
  const at = (field: string): string | undefined => faultAt(faults, `/policy/waves/${index}/gate/${field}`);
  return (
    <div className={classes.row}>
      <NumberField
        label={t.gateSuccess}
        {...part('minSuccess')}
        placeholder="95"
        error={at('minSuccessPercent')}
      />
      <NumberField label={t.gateSoak} {...part('soakMinutes')} placeholder="0" error={at('soakSeconds')} />
      <ActionField label={t.gateFailure} {...part('onFailure')} className={classes.by} />
      <CheckField label={t.gateApproval} {...part('approval')} className={classes.check} />
    </div>
  );
}
