import { hostname } from 'node:os';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Limited, LockService } from 'nestjs-redis-lock';
import { Repository } from 'typeorm';
import { OrdersService } from '../orders/orders.service.js';
import { CSV_HEADER, csvOf } from './order-csv.js';
import { ReportExport } from './report-export.entity.js';

const INSTANCE = `${hostname()}:${process.pid}`;
/** Orders that are in memory at once. */
const PAGE = 500;

@Injectable()
export class ReportsService {
  constructor(
    @InjectRepository(ReportExport) private readonly journal: Repository<ReportExport>,
    private readonly orders: OrdersService,
    private readonly locks: LockService,
  ) {}

  /**
   * Writes the orders as CSV, three exports at a time over all instances: reading them all is hard on the database.
   *
   * It ends when the last byte is written, and holds its permit until then: a method that returned a stream would give the permit back before
   * the work has begun. So a client decides how long that takes, and `maxHold` how long at most: the signal then breaks the reply off.
   * @param productId whose orders; undefined: all products'
   * @param begin called when there is something to write; where it is to go
   * @throws LockBusyError when three others go on for longer than its wait
   * @throws LockLostError when it took longer than `maxHold`; the reply is broken off then, so that nobody takes it for the whole
   */
  @Limited('export', {
    limit: 3,
    ttl: '5s',
    maxHold: '10s',
    wait: '1s',
    message: 'Three exports are being made already. Please come back in a few seconds.',
  })
  async exportOrders(productId: number | undefined, begin: () => Writable): Promise<void> {
    const signal = this.locks.current('export')?.signal;
    const entry = await this.journal.save(
      this.journal.create({ productId: productId ?? null, startedBy: INSTANCE, startedAt: new Date(), endedAt: null, orders: 0 }),
    );
    try {
      await pipeline(this.linesOf(entry, productId), begin(), { ...(signal && { signal }) });
    } catch (error) {
      if (!isHungUp(error)) throw error;
    } finally {
      await this.journal.update(entry.id, { endedAt: new Date(), orders: entry.orders });
    }
  }

  private async *linesOf(entry: ReportExport, productId: number | undefined): AsyncGenerator<string> {
    yield CSV_HEADER;
    for (let after = 0; ;) {
      const page = await this.orders.list({ productId, after, limit: PAGE });
      const last = page.at(-1);
      if (last === undefined) return;
      yield csvOf(page);
      entry.orders += page.length;
      after = last.id;
    }
  }
}

/** The client has gone away: its own business. */
function isHungUp(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE';
}
