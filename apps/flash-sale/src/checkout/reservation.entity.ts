import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';
import { LARGE_NUMBER, MOMENT } from '../database/column-types.js';

/** `held` until the buyer has paid; then `sold`, or `cancelled` and back in the stock. */
export type ReservationState = 'held' | 'sold' | 'cancelled';

/** Pieces that were taken from the stock for a buyer. */
@Entity('reservations')
export class Reservation {
  @PrimaryGeneratedColumn()
  readonly id!: number;

  @Column({ type: 'integer' })
  productId!: number;

  @Column({ type: 'varchar' })
  userId!: string;

  @Column({ type: 'integer' })
  quantity!: number;

  @Column({ type: 'varchar' })
  state!: ReservationState;

  /** Under which it was made. */
  @Column(LARGE_NUMBER)
  fence!: number;

  @Column(MOMENT)
  createdAt!: Date;
}
