/** Something that happens at a moment of the simulated world. */
export interface WorldEvent {
  readonly at: number;
  readonly order: number;
  /** Undefined once it was cancelled. */
  run: (() => void) | undefined;
}

/** A binary heap: the earliest event first, and of those at one moment the one that was added first. */
export class EventQueue {
  private readonly heap: WorldEvent[] = [];

  get first(): WorldEvent | undefined {
    return this.heap[0];
  }

  add(event: WorldEvent): void {
    const { heap } = this;
    let place = heap.length;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || !isBefore(event, parent)) break;
      heap[place] = parent;
      place = above;
    }
    heap[place] = event;
  }

  takeFirst(): void {
    const { heap } = this;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let place = 0;
    for (;;) {
      const left = heap[2 * place + 1];
      const right = heap[2 * place + 2];
      const child = left !== undefined && right !== undefined && isBefore(right, left) ? right : left;
      if (child === undefined || !isBefore(child, last)) break;
      heap[place] = child;
      place = 2 * place + (child === left ? 1 : 2);
    }
    heap[place] = last;
  }
}

function isBefore(one: WorldEvent, other: WorldEvent): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}
