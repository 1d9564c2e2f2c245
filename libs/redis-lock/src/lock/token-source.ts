import { randomBytes } from 'node:crypto';

const NONCE_BYTES = 16;
const POOL_NONCES = 256;

/** Makes owner tokens, `process.nonce`: 128 random bits in 35 characters, which Redis embeds in the key's own object. */
export class TokenSource {
  /** Random per engine, so that a fork or a copied image never shares one. */
  readonly process = randomBytes(9).toString('base64url');
  private pool = Buffer.alloc(0);
  private used = 0;

  next(): string {
    if (this.used === this.pool.length) {
      this.pool = randomBytes(NONCE_BYTES * POOL_NONCES);
      this.used = 0;
    }
    const nonce = this.pool.toString('base64url', this.used, (this.used += NONCE_BYTES));
    return `${this.process}.${nonce}`;
  }
}
