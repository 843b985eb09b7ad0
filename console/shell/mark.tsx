import type { ReactNode } from 'react';

/** The mark of the product: a terminal, and what rises in it in three waves. The same as public/favicon.svg. */
export function Mark({ size }: { size: number }): ReactNode {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden>
      <rect x="6" y="2" width="20" height="28" rx="5" fill="#2f4fc5" />
      <rect x="9" y="5" width="14" height="15" rx="2.5" fill="#fff" />
      <path
        d="M11.5 17.5v-3M16 17.5v-6M20.5 17.5v-9"
        stroke="#1a936f"
        strokeWidth="3"
        strokeLinecap="round"
      />
      <path d="M10.5 24.5h3M14.5 24.5h3M18.5 24.5h3" stroke="#b9c6ff" strokeWidth="2" strokeLinecap="round" />
    </svg>
  );
}
