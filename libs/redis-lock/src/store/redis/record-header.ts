import type { Attempt, BeginCommand, Outcome } from '../record-store.interface.js';

/** What stands before a record's reply, as includes/record-states.lua says: here is the half of it that is written from here. */
const VERSION = 1;
const STATES: Readonly<Record<Outcome['state'], number>> = { done: 2, unreplayable: 3 };
const COUNT_AT = 2;
const CLAIM_AT = 6;
const HEADER_BYTES = 46;
/** Within the claim. */
const FINGERPRINT_AT = 16;
const RETENTION_AT = 32;
const LEASE_AT = 36;
const CLAIM_BYTES = 40;

type Claim = Pick<BeginCommand, 'token' | 'fingerprint' | 'retentionMs' | 'leaseMs'>;

/** The part of the header that an attempt brings along; the script puts version, state and the attempt's number before it. */
export function packClaim(claim: Claim): Buffer {
  const bytes = Buffer.alloc(CLAIM_BYTES);
  writeClaim(bytes, 0, claim);
  return bytes;
}

/** The header of a record that is done. */
export function packHeader(attempt: Attempt, state: Outcome['state']): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES);
  bytes[0] = VERSION;
  bytes[1] = STATES[state];
  bytes.writeUInt32BE(attempt.attempt, COUNT_AT);
  writeClaim(bytes, CLAIM_AT, attempt);
  return bytes;
}

function writeClaim(bytes: Buffer, at: number, { token, fingerprint, retentionMs, leaseMs }: Claim): void {
  token.copy(bytes, at, 0, FINGERPRINT_AT);
  fingerprint.copy(bytes, at + FINGERPRINT_AT, 0, RETENTION_AT - FINGERPRINT_AT);
  bytes.writeUInt32BE(retentionMs, at + RETENTION_AT);
  bytes.writeUInt32BE(leaseMs, at + LEASE_AT);
}
