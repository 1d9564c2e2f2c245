import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { Locked, LockService } from 'nestjs-redis-lock';
import { DataSource } from 'typeorm';
import { heldFence } from '../locks/held-fence.js';
import { FencedStock } from '../products/fenced-stock.js';
import { NotEnoughStockException } from '../products/not-enough-stock.exception.js';

/** What is left of both products. */
export interface Transferred {
  readonly fromStock: number;
  readonly toStock: number;
}

/** Moves pieces from one product to another: from single phones to boxes of two, say, or back. */
@Injectable()
export class TransferService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly stock: FencedStock,
    private readonly locks: LockService,
  ) {}

  /**
   * Holds the locks of both products at once: of either alone, the other one's stock could change between reading and saving. Transfers there and
   * back at the same time do not block each other for ever, since the library takes several locks in one order, whatever the template's.
   *
   * Both are read before the transaction that saves both or neither: it is the locks that keep what was read true until then.
   * @throws NotEnoughStockException, ProductNotFoundException, StaleFenceException
   * @throws LockBusyError when the locks are not to be had within the module's `wait`
   */
  @Locked(['inventory:{fromProductId}', 'inventory:{toProductId}'], '10s')
  async transfer(fromProductId: number, toProductId: number, quantity: number): Promise<Transferred> {
    const fromFence = heldFence(this.locks, `inventory:${fromProductId}`);
    const toFence = heldFence(this.locks, `inventory:${toProductId}`);
    const fromStock = (await this.stock.claim(fromProductId, fromFence)) - quantity;
    const toStock = (await this.stock.claim(toProductId, toFence)) + quantity;
    if (fromStock < 0) throw new NotEnoughStockException(fromProductId, quantity);
    await this.dataSource.transaction(async (manager) => {
      await this.stock.save(fromProductId, fromFence, fromStock, manager);
      await this.stock.save(toProductId, toFence, toStock, manager);
    });
    return { fromStock, toStock };
  }
}
