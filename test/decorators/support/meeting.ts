/** Whoever calls it waits until so many have: they can only get past it together. */
export function meeting(size: number): () => Promise<void> {
  let present = 0;
  let begin: (() => void) | undefined;
  const begun = new Promise<void>((resolve) => (begin = resolve));
  return () => {
    if (++present === size) begin?.();
    return begun;
  };
}

/** Counts who is inside at once, over a few turns of the event loop. */
export class Crowd {
  inside = 0;
  most = 0;

  readonly pass = async (): Promise<void> => {
    this.most = Math.max(this.most, ++this.inside);
    for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
    this.inside--;
  };
}
