/** Callers of one process who wait for one lock in one way enter in the order of their coming. */
export class LineJudge {
  private readonly lines = new Map<string, Set<number>>();
  private overtaken: { readonly where: string; readonly ticket: number }[] = [];
  private last = 0;

  constructor(private readonly fail: (what: string) => void) {}

  /** A caller comes. @returns what tells that it entered, or went away */
  join(process: string, key: string): (outcome: 'entered' | 'left') => void {
    const where = `${process} ${key}`;
    const line = this.lines.get(where) ?? new Set<number>();
    this.lines.set(where, line);
    const ticket = ++this.last;
    line.add(ticket);
    return (outcome) => {
      line.delete(ticket);
      const [first = Infinity] = line;
      if (outcome === 'entered' && first < ticket) this.overtaken.push({ where, ticket: first });
    };
  }

  /** After each event: those who are let in by one event enter in any order. */
  look(): void {
    for (const { where, ticket } of this.overtaken) {
      if (this.lines.get(where)?.has(ticket) === true) this.fail(`${where}: a caller was overtaken by one who came later`);
    }
    this.overtaken = [];
  }
}
