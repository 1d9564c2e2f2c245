import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** A process of this machine. */
export interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  /** Of a process that has ended and that its parent has not asked about yet. */
  readonly isZombie: boolean;
}

/** All processes: from /proc where that is, since a bare Debian has no `ps`. */
export function processes(): Process[] {
  const lines = existsSync('/proc/self/stat') ? fromProc() : fromPs();
  return lines.map(([pid, state = '', parent, group]) => ({
    pid: Number(pid),
    parent: Number(parent),
    group: Number(group),
    isZombie: state.startsWith('Z'),
  }));
}

/** Each as [pid, state, parent, group]. */
function fromProc(): string[][] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        // The program's name before it may have anything in it.
        return [[pid, ...stat.slice(stat.lastIndexOf(')') + 2).split(' ')]];
      } catch {
        return []; // ended meanwhile
      }
    });
}

function fromPs(): string[][] {
  const table = execFileSync('ps', ['-A', '-o', 'pid=,stat=,ppid=,pgid='], { encoding: 'utf8' });
  return table
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/));
}
