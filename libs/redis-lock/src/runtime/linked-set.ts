/** The links that a member carries; it can be in one set at a time. */
export interface Linked<T> {
  before: T | undefined;
  after: T | undefined;
}

/**
 * A set, in the order of joining, whose members carry their own links. Joining and leaving is a few assignments; a Map or Set that
 * something joins and leaves for every section costs a microsecond each time, since it is rehashed over and over.
 */
export class LinkedSet<T extends Linked<T>> implements Iterable<T> {
  private first: T | undefined;
  private last: T | undefined;
  private count = 0;

  get size(): number {
    return this.count;
  }

  /** The member that joined first. */
  get oldest(): T | undefined {
    return this.first;
  }

  has(member: T): boolean {
    return member.before !== undefined || this.first === member;
  }

  add(member: T): void {
    if (this.has(member)) return;
    member.before = this.last;
    if (this.last === undefined) this.first = member;
    else this.last.after = member;
    this.last = member;
    this.count++;
  }

  /** In front of all others. */
  addFirst(member: T): void {
    if (this.has(member)) return;
    member.after = this.first;
    if (this.first === undefined) this.last = member;
    else this.first.before = member;
    this.first = member;
    this.count++;
  }

  delete(member: T): boolean {
    if (!this.has(member)) return false;
    const { before, after } = member;
    if (before === undefined) this.first = after;
    else before.after = after;
    if (after === undefined) this.last = before;
    else after.before = before;
    member.before = member.after = undefined;
    this.count--;
    return true;
  }

  find(fits: (member: T) => boolean): T | undefined {
    let member = this.first;
    while (member !== undefined && !fits(member)) member = member.after;
    return member;
  }

  /** Goes through those that are in it now and still are when their turn comes: any may join and leave meanwhile. */
  *[Symbol.iterator](): Iterator<T> {
    const members: T[] = [];
    for (let member = this.first; member !== undefined; member = member.after) members.push(member);
    for (const member of members) if (this.has(member)) yield member;
  }
}
