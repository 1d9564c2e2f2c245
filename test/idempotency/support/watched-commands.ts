import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

/**
 * Counts the commands that name some text, such as an application's key prefix, on the server that the tests share; a script is one. It speaks to
 * the server by itself, since a client for one reply to one command gets confused by MONITOR.
 */
export class WatchedCommands {
  private seen: string[] = [];
  private marks = 0;
  private onLine: (() => void) | undefined;

  private constructor(
    private readonly monitor: Socket,
    private readonly sender: Socket,
    private readonly text: string,
  ) {
    createInterface({ input: monitor }).on('line', (line) => {
      // What a script calls is part of the script.
      if (!line.includes(' lua] ')) this.seen.push(line);
      this.onLine?.();
    });
    sender.resume();
  }

  static async open(text: string): Promise<WatchedCommands> {
    const { hostname, port } = new URL(String(process.env['TEST_REDIS_URL']));
    const sockets = [connect(Number(port), hostname), connect(Number(port), hostname)] as const;
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    const [monitor, sender] = sockets;
    const watched = new WatchedCommands(monitor, sender, text);
    monitor.write('MONITOR\r\n');
    await watched.line((line) => line === '+OK');
    return watched;
  }

  /** How many there were from the beginning of the work to its end. */
  async during(work: () => Promise<unknown>): Promise<number> {
    await this.reach();
    this.seen = [];
    await work();
    await this.reach();
    return this.seen.filter((line) => line.includes(this.text)).length;
  }

  close(): void {
    this.monitor.destroy();
    this.sender.destroy();
  }

  /** The server reports commands in the order it runs them: when it reports this one, it has reported all before. */
  private async reach(): Promise<void> {
    const mark = `watched-${String(process.pid)}-${String(++this.marks)}-${String(this.sender.localPort)}`;
    const reached = this.line((line) => line.includes(mark));
    this.sender.write(`ECHO ${mark}\r\n`);
    await reached;
  }

  private line(isIt: (line: string) => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.onLine = () => {
        if (this.seen.some(isIt)) resolve();
      };
    });
  }
}
