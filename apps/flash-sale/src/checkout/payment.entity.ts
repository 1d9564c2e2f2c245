import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';
import { LARGE_NUMBER, MOMENT } from '../database/column-types.js';

/** What a buyer paid for a reservation, or got back. */
@Entity('payments')
export class Payment {
  @PrimaryGeneratedColumn()
  readonly id!: number;

  @Column({ type: 'integer', unique: true })
  reservationId!: number;

  @Column(LARGE_NUMBER)
  cents!: number;

  @Column({ type: 'varchar' })
  state!: 'charged' | 'refunded';

  /** Under which it was made. */
  @Column(LARGE_NUMBER)
  fence!: number;

  @Column(MOMENT)
  createdAt!: Date;
}
