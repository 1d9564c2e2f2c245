/** Callers of one process who wait for one lock enter in the order of their coming. */
export class LineJudge {
  private readonly lines = new Map<string, Set<number>>();
  private last = 0;

  constructor(private readonly fail: (what: string) => void) {}

  /** A caller comes. @returns what tells that it entered, or went away */
  join(process: string, key: string): (outcome: 'entered' | 'left') => void {
    const line = this.lines.get(`${process} ${key}`) ?? new Set<number>();
    this.lines.set(`${process} ${key}`, line);
    const ticket = ++this.last;
    line.add(ticket);
    return (outcome) => {
      line.delete(ticket);
      const [first = Infinity] = line;
      if (outcome === 'entered' && first < ticket) this.fail(`${process} ${key}: a caller was overtaken by one who came later`);
    };
  }
}
