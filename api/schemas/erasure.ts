import { label, uuid, z } from './common.ts';

const fields = {
  by: label(100).optional().openapi({ description: 'Who erases; default the header X-Actor, else "api".' }),
  reason: label(500)
    .optional()
    .openapi({ description: 'Required, here or there. It is kept for ever: name nobody.' }),
};

/** The same in the query, for clients that send no body with a DELETE. */
export const erasureQuery = z.strictObject(fields);
export const erasureRequest = z.strictObject(fields).openapi('ErasureRequest');

export const erasureResult = z
  .object({
    tpeId: uuid,
    erasedBefore: z.boolean().openapi({ description: 'An earlier request had erased it.' }),
    campaigns: z.number().int().openapi({ description: 'Campaigns that the terminal was in.' }),
    deadLetters: z.number().int().openapi({ description: 'Dead letters that have lost their value now.' }),
  })
  .openapi('ErasureResult');
