import { LockStoreError } from '../../errors/lock-store.error.js';
import type { LockDescription, ProcessCard, ProcessCardChange } from '../lock-store.interface.js';
import type { KeySpace } from './key-space.js';
import type { RedisLink } from './redis-link.js';

/** A card outlives its last writing by this: it is written anew every 20 s while there is anything to tell, and a minute after the last use it is gone. */
const CARD_TTL_MS = 45_000;

/** One hash per process: who it is, and fence and label of what it holds. Its TTL tells its age, so no clocks are compared. */
export class ProcessCards {
  private written = false;

  constructor(
    private readonly link: RedisLink,
    private readonly names: KeySpace,
  ) {}

  async write(process: string, change: ProcessCardChange): Promise<void> {
    const fields: Record<string, string> = { host: change.host, pid: String(change.pid) };
    const gone: string[] = [];
    for (const [key, held] of change.held) {
      if (held === undefined) gone.push(`h:${key}`);
      else fields[`h:${key}`] = JSON.stringify(held.map(({ token, fence, label }) => [token, fence, label]));
    }
    for (const [key, callers] of change.waiting) {
      if (callers === undefined) gone.push(`w:${key}`);
      else fields[`w:${key}`] = String(callers);
    }
    const card = this.names.card(process);
    this.written = true;
    // One transaction, so that no crash leaves a card without a TTL.
    await this.link.use('MULTI', async (client) => {
      const work = client.multi().hset(card, fields).pexpire(card, CARD_TTL_MS);
      if (gone.length > 0) work.hdel(card, ...gone);
      const failed = (await work.exec())?.find(([error]) => error !== null)?.[0];
      if (failed) throw failed;
    });
  }

  async read(process: string, key: string): Promise<ProcessCard | undefined> {
    const card = this.names.card(process);
    const replies = await this.link.use('MULTI', (client) =>
      client.multi().hmget(card, 'host', 'pid', `h:${key}`, `w:${key}`).pttl(card).exec(),
    );
    const [fields, pttl] = replies ?? [];
    const failed = fields?.[0] ?? pttl?.[0];
    if (failed) throw new LockStoreError(`reading the card of ${process} failed: ${failed.message}`, { cause: failed });
    // HMGET answers in the order it was asked.
    const [host, pid, held, waiting] = (fields?.[1] ?? []) as (string | null)[];
    if (typeof host !== 'string') return undefined;
    return {
      host,
      pid: Number(pid),
      ageMs: CARD_TTL_MS - Number(pttl?.[1]),
      held: typeof held === 'string' ? readDescriptions(held) : [],
      waitingCallers: Number(waiting ?? 0),
    };
  }

  async remove(process: string): Promise<void> {
    if (!this.written) return;
    await this.link.use('DEL', (client) => client.del(this.names.card(process)));
    this.written = false;
  }
}

function readDescriptions(text: string): LockDescription[] {
  // Written by `write` above, under a key of our own.
  const held = JSON.parse(text) as [string, number, string | null][];
  return held.map(([token, fence, label]) => ({ token, fence, label: label ?? undefined }));
}
