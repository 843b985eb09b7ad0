/**
 * Signatures of call-backs. The header `x-tms-signature` reads `t=<unix seconds>,v1=<hex>`, where `hex` is the
 * HMAC-SHA-256 of `<t>.<body as it was sent>` under the secret shared with the TMS. The time is signed too, so
 * that a recorded call-back can't be played back later.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

export const SIGNATURE_HEADER = 'x-tms-signature';
/** Seconds that a signature's time may differ from ours, either way. */
const SIGNATURE_TOLERANCE_SECONDS = 300;

const FORM = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/;

export type SignatureFailure =
  /** No header. */
  | 'missing'
  /** The header has another form. */
  | 'malformed'
  /** Signed too long ago, or in the future. */
  | 'expired'
  /** Another secret or another body. */
  | 'mismatch';

export type SignatureVerdict = { valid: true } | { valid: false; reason: SignatureFailure };

/** @returns the value of the header */
export function signCallback(secret: string, rawBody: string | Buffer, nowMs = Date.now()): string {
  const seconds = Math.floor(nowMs / 1000);
  return `t=${seconds},v1=${digest(secret, String(seconds), rawBody).toString('hex')}`;
}

/**
 * Checks a call-back's signature, in a time that does not depend on how much of it is right.
 * @param rawBody the bytes as they came; parsed and written again they are others
 */
export function verifyCallback(
  secret: string,
  header: string | undefined,
  rawBody: string | Buffer,
  nowMs = Date.now(),
): SignatureVerdict {
  if (!header) return { valid: false, reason: 'missing' };
  const [, seconds, hex] = FORM.exec(header) ?? [];
  if (!seconds || !hex) return { valid: false, reason: 'malformed' };
  if (!timingSafeEqual(Buffer.from(hex, 'hex'), digest(secret, seconds, rawBody))) {
    return { valid: false, reason: 'mismatch' };
  }
  const age = Math.abs(nowMs / 1000 - Number(seconds));
  return age > SIGNATURE_TOLERANCE_SECONDS ? { valid: false, reason: 'expired' } : { valid: true };
}

function digest(secret: string, seconds: string, rawBody: string | Buffer): Buffer {
  return createHmac('sha256', secret).update(`${seconds}.`).update(rawBody).digest();
}
