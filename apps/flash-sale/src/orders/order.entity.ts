import { Column, Entity, PrimaryGeneratedColumn, Unique } from 'typeorm';
import { MOMENT } from '../database/column-types.js';

/** One piece of a product, bought by one user. */
@Entity('orders')
@Unique(['productId', 'userId'])
export class Order {
  @PrimaryGeneratedColumn()
  readonly id!: number;

  @Column({ type: 'integer' })
  productId!: number;

  @Column({ type: 'varchar' })
  userId!: string;

  @Column(MOMENT)
  createdAt!: Date;
}
