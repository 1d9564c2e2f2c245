import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Locked, LockService } from 'nestjs-redis-lock';
import { LessThanOrEqual, Repository } from 'typeorm';
import { heldFence } from '../locks/held-fence.js';
import { Payment } from './payment.entity.js';
import { PaymentDeclinedException } from './payment-declined.exception.js';
import type { Reservation } from './reservation.entity.js';

/** A card that no bank covers, as payment services have for tests. */
const DECLINED = 'declined';

/** Takes money: a stand-in for a payment service, which declines one card and trusts all others. */
@Injectable()
export class PaymentService {
  constructor(
    @InjectRepository(Payment) private readonly payments: Repository<Payment>,
    private readonly locks: LockService,
  ) {}

  /** @throws PaymentDeclinedException */
  @Locked('inventory:{productId}', '10s')
  async charge(productId: number, reservation: Reservation, { cents, card }: { cents: number; card: string }): Promise<Payment> {
    if (card === DECLINED) throw new PaymentDeclinedException();
    const fence = heldFence(this.locks, `inventory:${productId}`);
    const payment = { reservationId: reservation.id, cents, state: 'charged', fence, createdAt: new Date() } as const;
    return this.payments.save(this.payments.create(payment));
  }

  /** Gives back what was paid for a reservation; where nothing was, it does nothing. */
  @Locked('inventory:{productId}', '10s')
  async refund(productId: number, reservation: Reservation): Promise<void> {
    const fence = heldFence(this.locks, `inventory:${productId}`);
    const charged = { reservationId: reservation.id, state: 'charged', fence: LessThanOrEqual(fence) } as const;
    await this.payments.update(charged, { state: 'refunded' });
  }
}
