import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';
import { MOMENT } from '../database/column-types.js';

/** Pieces of one product, bought by one user. */
@Entity('orders')
export class Order {
  @PrimaryGeneratedColumn()
  readonly id!: number;

  @Column({ type: 'integer' })
  productId!: number;

  @Column({ type: 'varchar' })
  userId!: string;

  @Column({ type: 'integer', default: 1 })
  quantity!: number;

  /** What there may be one order of. Null where nothing says that; any number of orders may be without. */
  @Column({ type: 'varchar', nullable: true, unique: true })
  onceKey!: string | null;

  @Column(MOMENT)
  createdAt!: Date;
}
