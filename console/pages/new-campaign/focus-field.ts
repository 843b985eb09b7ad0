/** Leads to a field by its name, also to the editor in its shadow root. */
export function focusField(name: string): void {
  const place = document.querySelector<HTMLElement>(`[data-field="${name}"]`);
  if (!place) return;
  const field = place.matches('input, select, textarea')
    ? place
    : (place.querySelector('textarea') ?? editorIn(place));
  field?.focus();
  place.scrollIntoView({ block: 'center' });
}

function editorIn(place: HTMLElement): HTMLElement | null {
  const hosts = [...place.querySelectorAll('div')].flatMap(({ shadowRoot }) => shadowRoot ?? []);
  return hosts[0]?.querySelector<HTMLElement>('.cm-content') ?? null;
}
