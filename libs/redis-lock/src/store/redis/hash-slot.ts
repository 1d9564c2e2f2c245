const SLOTS = 16_384;

/** The hash slot of a key in a Redis Cluster: CRC-16/XMODEM of its hash tag, or of the whole key (Redis Cluster specification). */
export function hashSlot(key: string): number {
  return crc16(Buffer.from(hashTag(key) ?? key)) % SLOTS;
}

/** What stands between the first `{` and the next `}`, where there is anything; undefined where the whole key is hashed. */
export function hashTag(key: string): string | undefined {
  const open = key.indexOf('{');
  const close = open === -1 ? -1 : key.indexOf('}', open + 1);
  return close > open + 1 ? key.slice(open + 1, close) : undefined;
}

let tags: string[] | undefined;

/** A short text that hashes to the slot; every process finds the same one, so that they share one fence counter per slot. */
export function tagOfSlot(slot: number): string {
  tags ??= buildTags();
  return tags[slot] ?? '';
}

function buildTags(): string[] {
  const found = new Array<string>(SLOTS);
  for (let candidate = 0, missing = SLOTS; missing > 0; candidate++) {
    const text = candidate.toString(36);
    const slot = crc16(Buffer.from(text)) % SLOTS;
    if (found[slot] !== undefined) continue;
    found[slot] = text;
    missing--;
  }
  return found;
}

function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ 0x1021;
    crc &= 0xffff;
  }
  return crc;
}
