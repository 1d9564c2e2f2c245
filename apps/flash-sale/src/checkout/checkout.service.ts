import { Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { Locked, LockService } from 'nestjs-redis-lock';
import { DataSource, LessThanOrEqual } from 'typeorm';
import { CatalogService } from '../catalog/catalog.service.js';
import { heldFence } from '../locks/held-fence.js';
import { Order } from '../orders/order.entity.js';
import { FencedStock } from '../products/fenced-stock.js';
import { StaleFenceException } from '../products/stale-fence.exception.js';
import type { Payment } from './payment.entity.js';
import { PaymentService } from './payment.service.js';
import { Reservation } from './reservation.entity.js';
import { ReservationService } from './reservation.service.js';

/** What a buyer wants, and pays with. */
export interface CheckoutRequest {
  readonly userId: string;
  readonly quantity: number;
  readonly card: string;
}

/** An order that is paid for. */
export interface PlacedOrder {
  readonly order: Order;
  readonly payment: Payment;
}

/**
 * Sells in several steps that belong to several services: set aside, charge, hand over. Each of them locks the stock for itself, and under the lock
 * of {@link place} all of them are one: nobody else comes between two of them, and all write under one fence.
 */
@Injectable()
export class CheckoutService {
  private readonly logger = new Logger(CheckoutService.name);

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly catalog: CatalogService,
    private readonly stock: FencedStock,
    private readonly reservations: ReservationService,
    private readonly payments: PaymentService,
    private readonly locks: LockService,
  ) {}

  /**
   * Sells pieces to a buyer, or leaves everything as it was: what was done is undone when a later step fails. Only a lock that is lost leaves the
   * pieces set aside, since they are nobody's to put back without it.
   * @throws ProductNotFoundException, PriceNotSetException, SoldOutException, PaymentDeclinedException, StaleFenceException
   * @throws LockBusyError when the stock's turn does not come within the module's `wait`
   */
  @Locked('inventory:{productId}', '10s')
  async place(productId: number, { userId, quantity, card }: CheckoutRequest): Promise<PlacedOrder> {
    const { salePrice } = await this.catalog.priceOf(productId);
    const reservation = await this.reservations.reserve(productId, userId, quantity);
    try {
      const payment = await this.payments.charge(productId, reservation, { cents: salePrice * quantity, card });
      return { order: await this.handOver(productId, reservation), payment };
    } catch (error) {
      await this.undo(productId, reservation);
      throw error;
    }
  }

  /**
   * Makes the order of what was set aside. {@link place} calls it, and so may whoever has been paid otherwise.
   * @throws StaleFenceException
   */
  @Locked('inventory:{productId}', '10s')
  async handOver(productId: number, { id, userId, quantity }: Reservation): Promise<Order> {
    const fence = heldFence(this.locks, `inventory:${productId}`);
    await this.stock.claim(productId, fence);
    return this.dataSource.transaction(async (manager) => {
      const sold = await manager.update(Reservation, { id, state: 'held', fence: LessThanOrEqual(fence) }, { state: 'sold' });
      if (sold.affected === 0) throw new StaleFenceException(productId, fence);
      return manager.save(manager.create(Order, { productId, userId, quantity, onceKey: null, createdAt: new Date() }));
    });
  }

  /** Never throws: why the sale failed is what the buyer has to know. */
  private async undo(productId: number, reservation: Reservation): Promise<void> {
    try {
      await this.payments.refund(productId, reservation);
      await this.reservations.cancel(productId, reservation);
    } catch (error) {
      this.logger.error(`Reservation ${reservation.id} is still held: ${String(error)}`);
    }
  }
}
