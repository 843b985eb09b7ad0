import { Button, Textarea } from '@mantine/core';
import { useStore } from '@nanostores/react';
import { useId, useRef, useState, type FormEvent, type ReactNode } from 'react';
import { shared } from '../i18n/en.ts';
import { $actor, isName, sayWhoYouAre } from '../state/actor.ts';
import type { ConfirmActionProps } from './confirm-action.tsx';
import { Dialog } from './dialog.tsx';
import { NameInput } from './name-input.tsx';
import { ProblemNotice } from './problem-notice.tsx';
import classes from './confirm-dialog.module.css';

/** Characters that the API takes. */
const MAX_REASON = 500;

export default function ConfirmDialog(props: ConfirmActionProps): ReactNode {
  const { title, consequences, confirmLabel, danger = false, reason = 'none', onConfirm, onClose } = props;
  const t = useStore(shared);
  const actor = useStore($actor);
  // Asked for once: not taken away while it is being typed.
  const [asksName] = useState(actor === '');
  const [name, setName] = useState('');
  const [why, setWhy] = useState('');
  const [faults, setFaults] = useState<{ name?: boolean; reason?: boolean }>({});
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  // The state is of the last drawing: two clicks may come before the next one.
  const fired = useRef(false);
  const consequencesId = useId();

  async function confirm(event: FormEvent): Promise<void> {
    event.preventDefault();
    const missing = { name: asksName && !isName(name), reason: reason === 'required' && why.trim() === '' };
    setFaults(missing);
    if (missing.name || missing.reason || fired.current) return;
    fired.current = true;
    setBusy(true);
    setError(undefined);
    if (asksName) sayWhoYouAre(name);
    try {
      await onConfirm({ by: $actor.get(), ...(why.trim() !== '' && { reason: why.trim() }) });
      onClose();
    } catch (thrown) {
      setError(thrown);
    } finally {
      fired.current = false;
      setBusy(false);
    }
  }

  return (
    <Dialog opened title={title} onClose={onClose} closable={!busy}>
      <form noValidate onSubmit={(event) => void confirm(event)} className={classes.form}>
        <ul className={classes.consequences} id={consequencesId} aria-label={t.whatHappens}>
          {consequences.map((consequence) => (
            <li key={consequence}>{consequence}</li>
          ))}
        </ul>
        {asksName && <NameInput value={name} onChange={setName} faulty={faults.name ?? false} />}
        {reason !== 'none' && (
          <Textarea
            label={reason === 'required' ? t.reason : t.reasonOptional}
            description={t.reasonHelp}
            required={reason === 'required'}
            value={why}
            onChange={(event) => setWhy(event.currentTarget.value)}
            error={faults.reason ? t.reasonNeeded : undefined}
            maxLength={MAX_REASON}
            rows={2}
            data-autofocus={!asksName || undefined}
          />
        )}
        {error !== undefined && <ProblemNotice error={error} />}
        <div className={classes.buttons}>
          <Button variant="default" onClick={onClose} disabled={busy}>
            {t.cancelDialog}
          </Button>
          <Button
            type="submit"
            color={danger ? 'danger' : 'brand'}
            loading={busy}
            aria-describedby={consequencesId}
            // With nothing to fill in, Enter confirms what does no harm, and nothing else.
            data-autofocus={(reason === 'none' && !asksName && !danger) || undefined}
          >
            {confirmLabel}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
