import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Locked, LockService } from 'nestjs-redis-lock';
import { Repository } from 'typeorm';
import { heldFence } from '../locks/held-fence.js';
import { FencedStock } from '../products/fenced-stock.js';
import { SoldOutException } from '../products/sold-out.exception.js';
import { Reservation } from './reservation.entity.js';

/**
 * Sets pieces aside. Each method takes the stock's lock itself, so that it is right whoever calls it; for a caller that holds the lock it is
 * entered again without waiting, and under the same fence.
 */
@Injectable()
export class ReservationService {
  constructor(
    @InjectRepository(Reservation) private readonly reservations: Repository<Reservation>,
    private readonly stock: FencedStock,
    private readonly locks: LockService,
  ) {}

  /** @throws ProductNotFoundException, SoldOutException, StaleFenceException */
  @Locked('inventory:{productId}', '10s')
  async reserve(productId: number, userId: string, quantity: number): Promise<Reservation> {
    const fence = heldFence(this.locks, `inventory:${productId}`);
    const stock = await this.stock.claim(productId, fence);
    if (stock < quantity) throw new SoldOutException(productId);
    return this.reservations.manager.transaction(async (manager) => {
      await this.stock.save(productId, fence, stock - quantity, manager);
      return manager.save(manager.create(Reservation, { productId, userId, quantity, state: 'held', fence, createdAt: new Date() }));
    });
  }

  /** Puts the pieces back, once. @throws StaleFenceException */
  @Locked('inventory:{productId}', '10s')
  async cancel(productId: number, reservation: Reservation): Promise<void> {
    const fence = heldFence(this.locks, `inventory:${productId}`);
    const stock = await this.stock.claim(productId, fence);
    await this.reservations.manager.transaction(async (manager) => {
      const cancelled = await manager.update(Reservation, { id: reservation.id, state: 'held' }, { state: 'cancelled' });
      if (cancelled.affected === 0) return;
      await this.stock.save(productId, fence, stock + reservation.quantity, manager);
    });
  }
}
