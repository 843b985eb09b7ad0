import { z } from './common.ts';

/** Tags that are listed: more would be no help to who looks for one. */
export const MAX_TAGS = 500;

export const tagList = z
  .object({
    items: z.array(
      z.object({
        tag: z.string(),
        terminals: z.number().int().openapi({ description: 'Inactive ones included.' }),
      }),
    ),
  })
  .openapi('TagList', { description: `At most ${MAX_TAGS}.` });
